import { betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { admin } from "better-auth/plugins";
import { createAccessControl } from "better-auth/plugins/access";
import { adminAc, defaultStatements } from "better-auth/plugins/admin/access";
import type { Database } from "@/db/client";
import { staff, staffAccounts, staffSessions, staffVerifications } from "@/db/schema/staff";
import { ADDRESS_HEADER } from "./address-header";

const SESSION_SECONDS = 8 * 3600;
const PASSWORD_CHARS_MIN = 12;

/**
 * Sign-in for operators. Sign-up is closed: accounts are made by an admin or at the first start. Sessions live in the
 * database and are looked up for every request (no cookie cache), so that a revoked one ends with the next click.
 */
export function makeAuth(input: { db: Database; secret: string; publicUrl: string }) {
  const control = createAccessControl(defaultStatements);
  const nothing = control.newRole({ user: [], session: [] });
  return betterAuth({
    secret: input.secret,
    baseURL: input.publicUrl,
    basePath: "/api/auth",
    trustedOrigins: [input.publicUrl],
    telemetry: { enabled: false },
    logger: { level: "error" },
    database: drizzleAdapter(input.db, {
      provider: "pg",
      schema: { user: staff, session: staffSessions, account: staffAccounts, verification: staffVerifications },
    }),
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: PASSWORD_CHARS_MIN },
    session: { expiresIn: SESSION_SECONDS, updateAge: SESSION_SECONDS / 8, cookieCache: { enabled: false } },
    rateLimit: { enabled: true, storage: "memory" },
    advanced: { cookiePrefix: "spillway", ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] } },
    plugins: [
      admin({
        defaultRole: "viewer",
        adminRoles: ["admin"],
        ac: control,
        roles: { viewer: nothing, operator: nothing, admin: control.newRole({ ...adminAc.statements }) },
      }),
    ],
  });
}

export type Auth = ReturnType<typeof makeAuth>;
