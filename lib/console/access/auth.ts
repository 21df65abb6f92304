import { createHash, randomInt } from "node:crypto";
import { type BetterAuthPlugin, betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { createAuthMiddleware } from "better-auth/api";
import { admin, genericOAuth, twoFactor } from "better-auth/plugins";
import { createAccessControl } from "better-auth/plugins/access";
import { adminAc, defaultStatements } from "better-auth/plugins/admin/access";
import type { Database } from "@/db/client";
import { staff, staffAccounts, staffSecondFactors, staffSessions, staffVerifications } from "@/db/schema/staff";
import { DAY_MS, HOUR_MS } from "@/lib/clock";
import type { Log } from "@/lib/log";
import { ADDRESS_HEADER } from "../kernel/address-header";
import { resigned } from "./resigned";

/** The account for when nobody can sign in any more. It is open for an hour and closed by itself. */
export const BREAK_GLASS_EMAIL = "break-glass@spillway.invalid";
export const BREAK_GLASS_MS = HOUR_MS;

/** A session ends so long after its last use. */
const SESSION_SECONDS = 8 * 3600;
/** However much it is used, a session ends so long after the sign-in. */
export const SESSION_MAX_MS = DAY_MS;
export const PASSWORD_CHARS_MIN = 12;
export const PASSWORD_CHARS_MAX = 128;

/** Where operators may sign in other than by password. */
export type Oidc = { readonly issuer: string; readonly clientId: string; readonly clientSecret: string };
export const OIDC_PROVIDER = "sso";
const PER_ADDRESS = { window: 60, max: 20 };
const COOKIE_PREFIX = "spillway";

type Input = {
  readonly db: Database;
  readonly secret: string;
  /** secrets of before: sessions signed with them stay signed in */
  readonly earlierSecrets: readonly string[];
  readonly publicUrl: string;
  readonly oidc: Oidc | null;
  readonly log: Log;
};

/**
 * Sign-in for operators. Sign-up is closed: accounts are made by an admin or at the first start. Sessions live in the
 * database and are looked up for every request (no cookie cache), so that a revoked one ends with the next click.
 */
export function makeAuth(input: Input) {
  const control = createAccessControl(defaultStatements);
  const nothing = control.newRole({ user: [], session: [] });
  return betterAuth({
    secret: input.secret,
    secrets: [input.secret, ...input.earlierSecrets].map((value) => ({ version: versionOf(value), value })),
    baseURL: input.publicUrl,
    basePath: "/api/auth",
    trustedOrigins: [input.publicUrl],
    telemetry: { enabled: false },
    // Its own logger prints errors whole, to stdout; ours knows what not to tell.
    logger: {
      level: "error",
      log: (_level, message, ...rest: unknown[]) =>
        input.log.error({ err: rest.find((one) => one instanceof Error), why: message }, "sign-in library"),
    },
    onAPIError: { errorURL: `${input.publicUrl}/sign-in` },
    database: drizzleAdapter(input.db, {
      provider: "pg",
      schema: {
        user: staff,
        session: staffSessions,
        account: staffAccounts,
        verification: staffVerifications,
        twoFactor: staffSecondFactors,
      },
    }),
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: PASSWORD_CHARS_MIN },
    session: {
      expiresIn: SESSION_SECONDS,
      updateAge: SESSION_SECONDS / 8,
      cookieCache: { enabled: false },
      additionalFields: { confirmedAt: { type: "date", required: false, input: false } },
    },
    // Whose address the issuer has verified is the operator of that address, if an admin has made one; nobody is made by
    // it. Accounts here are made by admins alone, so that their addresses need no proof of their own.
    account: { accountLinking: { enabled: true, trustedProviders: [], requireLocalEmailVerified: false } },
    // By address, as the door in front counts it for all processes. A challenge stands five wrong codes and an account ten.
    rateLimit: {
      enabled: true,
      storage: "memory",
      customRules: { "/sign-in/*": PER_ADDRESS, "/two-factor/*": PER_ADDRESS },
    },
    advanced: { cookiePrefix: COOKIE_PREFIX, ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] } },
    plugins: [
      earlierSecrets(input.secret, input.earlierSecrets),
      admin({
        defaultRole: "viewer",
        adminRoles: ["admin"],
        ac: control,
        roles: { viewer: nothing, operator: nothing, admin: control.newRole({ ...adminAc.statements }) },
      }),
      twoFactor({ issuer: "Spillway", backupCodeOptions: { customBackupCodesGenerate: newRecoveryCodes } }),
      genericOAuth({ config: input.oidc === null ? [] : [oidcConfig(input.oidc)] }),
    ],
  });
}

/** The library reads what an earlier secret encrypted, but not what it signed: such cookies are signed again on their way in. */
function earlierSecrets(current: string, earlier: readonly string[]): BetterAuthPlugin {
  const resign = createAuthMiddleware(async ({ request, headers: given }) => {
    const headers = new Headers(request?.headers ?? given);
    const cookies = resigned({ cookies: headers.get("cookie") ?? "", prefix: COOKIE_PREFIX, current, earlier });
    if (cookies === null) return;
    headers.set("cookie", cookies);
    return { context: { headers } };
  });
  return { id: "earlier-secrets", hooks: { before: [{ matcher: () => earlier.length > 0, handler: resign }] } };
}

const RECOVERY_CODES = 10;
const RECOVERY_CODE_CHARS = 10;
/** Without those that are read for each other: 0 and o, 1 and l and i. */
const RECOVERY_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz";

/** Like "k7m2p-9xq4t": each lets in once, when the app is lost. */
function newRecoveryCodes(): string[] {
  const one = () => RECOVERY_ALPHABET[randomInt(RECOVERY_ALPHABET.length)] ?? "";
  return Array.from({ length: RECOVERY_CODES }, () => {
    const code = Array.from({ length: RECOVERY_CODE_CHARS }, one).join("");
    return `${code.slice(0, RECOVERY_CODE_CHARS / 2)}-${code.slice(RECOVERY_CODE_CHARS / 2)}`;
  });
}

/** Marks what a secret encrypted; the same for it in every process, wherever it stands in the list. */
function versionOf(secret: string): number {
  return createHash("sha256").update(secret).digest().readUInt32BE();
}

function oidcConfig({ issuer, clientId, clientSecret }: Oidc) {
  return {
    providerId: OIDC_PROVIDER,
    clientId,
    clientSecret,
    pkce: true,
    disableSignUp: true,
    discoveryUrl: `${issuer}/.well-known/openid-configuration`,
    requireIdTokenVerification: true,
    scopes: ["openid", "email", "profile"],
  };
}

export type Auth = ReturnType<typeof makeAuth>;
