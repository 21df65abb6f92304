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
import type { Oidc } from "./single-sign-on/groups";
import { judged } from "./single-sign-on/judge";
import { discoveryOf, personOf, type Tokens } from "./single-sign-on/person";

/** The emergency account, for when nobody can sign in. It is open for one hour and closes automatically. */
export const BREAK_GLASS_EMAIL = "break-glass@spillway.invalid";
export const BREAK_GLASS_MS = HOUR_MS;

/** A session ends this long after its last use. */
const SESSION_SECONDS = 8 * 3600;
/** A session ends this long after the sign-in, even if it is in use. */
export const SESSION_MAX_MS = DAY_MS;
export const PASSWORD_CHARS_MIN = 12;
export const PASSWORD_CHARS_MAX = 128;

export const OIDC_PROVIDER = "sso";
const PER_ADDRESS = { window: 60, max: 20 };
const COOKIE_PREFIX = "spillway";

type Input = {
  readonly db: Database;
  readonly secret: string;
  /** earlier secrets: sessions signed with them stay valid */
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
  const isSecure = input.publicUrl.startsWith("https:");
  return betterAuth({
    secret: input.secret,
    secrets: [input.secret, ...input.earlierSecrets].map((value) => ({ version: versionOf(value), value })),
    baseURL: input.publicUrl,
    basePath: "/api/auth",
    trustedOrigins: [input.publicUrl],
    telemetry: { enabled: false },
    // The library's logger prints whole errors to stdout. Ours removes secrets.
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
    user: { additionalFields: { tenants: { type: "string[]", required: false, input: false } } },
    session: {
      expiresIn: SESSION_SECONDS,
      updateAge: SESSION_SECONDS / 8,
      cookieCache: { enabled: false },
      additionalFields: { confirmedAt: { type: "date", required: false, input: false } },
    },
    // A person whose address the issuer has verified is the operator with that address, if an admin has created one.
    // Sign-in never creates an account. Only admins create accounts, so addresses need no further proof.
    account: { accountLinking: { enabled: true, trustedProviders: [], requireLocalEmailVerified: false } },
    // Limited per address by the front door, for all processes. A challenge allows five wrong codes and an account ten.
    rateLimit: {
      enabled: true,
      storage: "memory",
      customRules: { "/sign-in/*": PER_ADDRESS, "/two-factor/*": PER_ADDRESS },
    },
    advanced: {
      // A page on a neighbouring host name can set a `__Secure-` cookie for ours, with its own session, but no `__Host-` one.
      cookiePrefix: isSecure ? `__Host-${COOKIE_PREFIX}` : COOKIE_PREFIX,
      useSecureCookies: false,
      defaultCookieAttributes: { secure: isSecure },
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] },
    },
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

/**
 * The library decrypts with earlier secrets but does not verify their signatures. Such cookies are signed again on
 * arrival.
 */
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
/** Without characters that look alike: 0 and o, 1 and l and i. */
const RECOVERY_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz";

/** Like "k7m2p-9xq4t". Each code works once, for when the app is lost. */
function newRecoveryCodes(): string[] {
  const one = () => RECOVERY_ALPHABET[randomInt(RECOVERY_ALPHABET.length)] ?? "";
  return Array.from({ length: RECOVERY_CODES }, () => {
    const code = Array.from({ length: RECOVERY_CODE_CHARS }, one).join("");
    return `${code.slice(0, RECOVERY_CODE_CHARS / 2)}-${code.slice(RECOVERY_CODE_CHARS / 2)}`;
  });
}

/** Id of the secret that encrypted a value. It is the same in every process and at any place in the list. */
function versionOf(secret: string): number {
  return createHash("sha256").update(secret).digest().readUInt32BE();
}

function oidcConfig(oidc: Oidc) {
  return {
    providerId: OIDC_PROVIDER,
    clientId: oidc.clientId,
    clientSecret: oidc.clientSecret,
    pkce: true,
    disableSignUp: true,
    discoveryUrl: discoveryOf(oidc.issuer),
    requireIdTokenVerification: true,
    scopes: [...oidc.scopes],
    // Called after the library has verified the ID token.
    getUserInfo: async (tokens: Tokens) => {
      const person = await personOf(oidc, tokens);
      if (person === null || !(await judged(person))) return null;
      const { subject, email, isEmailVerified, name } = person;
      return { id: subject, sub: subject, email, emailVerified: isEmailVerified, name };
    },
  };
}

export type Auth = ReturnType<typeof makeAuth>;
