import { z } from "zod";
import { PublicError } from "@/lib/errors";
import { presetOf } from "./presets.shared";

/** A service account key, in the JSON file of Google Cloud. */
const googleKey = z.object({
  type: z.literal("service_account"),
  client_email: z.string().min(3),
  private_key: z.string().includes("PRIVATE KEY"),
  token_uri: z.url({ protocol: /^https?$/ }).default("https://oauth2.googleapis.com/token"),
});
export type GoogleKey = z.infer<typeof googleKey>;

const awsKey = z.object({
  accessKeyId: z.string().min(4),
  secretAccessKey: z.string().min(8),
  sessionToken: z.string().min(1).nullable().default(null),
  /** null = taken from the base URL */
  region: z
    .string()
    .regex(/^[a-z0-9-]{4,32}$/)
    .nullable()
    .default(null),
});
export type AwsKey = z.infer<typeof awsKey>;

/** A credential that is not sent, but used to sign. */
export type ProviderKey = { readonly aws: AwsKey } | { readonly google: GoogleKey };

type Keeper = { readonly preset: string | null };

/** The key in a provider's credential; null = the credential is a token, and is sent unchanged. Throws PublicError. */
export function keyIn(provider: Keeper, credential: string | null): ProviderKey | null {
  const auth = presetOf(provider.preset)?.auth;
  if (credential === null || (auth !== "aws" && auth !== "google")) return null;
  const known = KEYS.get(provider);
  if (known?.credential === credential) return known.key;
  const key = parsed(auth, credential);
  KEYS.set(provider, { credential, key });
  return key;
}

const KEYS = new WeakMap<Keeper, { readonly credential: string; readonly key: ProviderKey | null }>();

/** The parts of a credential that must not appear in a message: the whole, and the parts of a key. */
export function secretsIn(provider: Keeper, credential: string | null): readonly string[] {
  if (credential === null) return [];
  const key = keyIn(provider, credential);
  if (key === null) return [credential];
  if ("google" in key) return [credential, key.google.private_key, key.google.client_email];
  const { accessKeyId, secretAccessKey, sessionToken } = key.aws;
  return [credential, secretAccessKey, accessKeyId, ...(sessionToken === null ? [] : [sessionToken])];
}

/** Keys in their vendors' formats; a credential that is not JSON is a token. */
function parsed(auth: "aws" | "google", credential: string): ProviderKey | null {
  if (!credential.trimStart().startsWith("{")) return null;
  try {
    if (auth === "google") return { google: googleKey.parse(JSON.parse(credential)) };
    return { aws: awsKey.parse(JSON.parse(credential)) };
  } catch {
    // The cause would contain the key.
    const what = auth === "google" ? "a service account key" : "a key with accessKeyId and secretAccessKey";
    throw new PublicError("upstream_auth", `The provider's credential cannot be used: it is not ${what}.`);
  }
}
