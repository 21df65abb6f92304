import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { Database } from "@/db/client";
import { countStaff } from "@/db/queries/operators/staff";
import { DEMO_KEYS, type DemoKey, insertDemo, isUnconfigured } from "@/db/seed";
import type { Auth } from "@/lib/console/access/auth";
import type { Env } from "@/lib/env";
import { hashApiKey, makeApiKey } from "@/lib/gateway/caller/api-key";
import type { Secrets } from "./data-dir";

/** The first sign-in data. It is shown once and kept in a file that only this user can read. */
export type Credentials = {
  readonly file: string;
  readonly baseUrl: string;
  readonly admin: { readonly email: string; readonly password: string };
  readonly operatorToken: string;
  readonly keys: Readonly<Record<string, string>>;
};

const ADMIN_EMAIL = "admin@spillway.local";

/**
 * The first start of an installation: makes an admin with a new password and, if requested, the demo. Returns what was
 * made, or null when it existed before.
 */
export async function seedWhenEmpty(input: {
  db: Database;
  auth: Auth;
  env: Env;
  secrets: Secrets;
  wantsDemo: boolean;
}): Promise<Credentials | null> {
  const { db, env, secrets } = input;
  const needsAdmin = (await countStaff(db)) === 0;
  const needsDemo = input.wantsDemo && (await isUnconfigured(db));
  if (!needsAdmin && !needsDemo) return null;
  const keys = Object.fromEntries(DEMO_KEYS.map((name) => [name, makeApiKey("test").text]));
  const password = randomBytes(15).toString("base64url");
  if (needsDemo) await insertDemo(db, { now: new Date(), keys: stored(keys, secrets.keyPepper) });
  if (needsAdmin)
    await input.auth.api.createUser({ body: { email: ADMIN_EMAIL, password, name: "First admin", role: "admin" } });
  const file = path.join(env.dataDir, needsDemo ? "demo.json" : "admin.json");
  const credentials = {
    baseUrl: env.publicUrl,
    admin: { email: ADMIN_EMAIL, password: needsAdmin ? password : "(unchanged)" },
    operatorToken: secrets.operatorToken,
    keys: needsDemo ? keys : {},
  };
  fs.writeFileSync(file, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  return { file, ...credentials };
}

function stored(
  keys: Readonly<Record<string, string>>,
  pepper: string,
): Record<DemoKey, { id: string; hmac: string; last4: string }> {
  const one = (name: DemoKey) => {
    const text = keys[name] ?? "";
    return { id: text.split("_")[2] ?? "", hmac: hashApiKey(text, pepper), last4: text.slice(-4) };
  };
  return { free: one("free"), standard: one("standard"), enterprise: one("enterprise"), loop: one("loop") };
}
