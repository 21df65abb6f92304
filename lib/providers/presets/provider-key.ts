import { z } from "zod";
import { PublicError } from "@/lib/errors";
import { presetOf } from "./presets.shared";

/** A service account key, as Google Cloud hands it out as a JSON file. */
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
  /** null = the base URL says it */
  region: z
    .string()
    .regex(/^[a-z0-9-]{4,32}$/)
    .nullable()
    .default(null),
});
export type AwsKey = z.infer<typeof awsKey>;

/** A credential that is not sent, but shown to be known. */
export type ProviderKey = { readonly aws: AwsKey } | { readonly google: GoogleKey };

type Keeper = { readonly preset: string | null };

/** The key in a provider's credential; null = the credential is a token, and is sent as it is. Throws PublicError. */
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

/** What of a credential must not appear in a message: the parts of a key as well as the whole. */
export function secretsIn(provider: Keeper, credential: string | null): readonly string[] {
  if (credential === null) return [];
  const key = keyIn(provider, credential);
  if (key === null) return [credential];
  if ("google" in key) return [credential, key.google.private_key, key.google.client_email];
  const { accessKeyId, secretAccessKey, sessionToken } = key.aws;
  return [credential, secretAccessKey, accessKeyId, ...(sessionToken === null ? [] : [sessionToken])];
}

/** Keys as their vendors hand them out; what is no JSON at all is a token. */
function parsed(auth: "aws" | "google", credential: string): ProviderKey | null {
  if (!credential.trimStart().startsWith("{")) return null;
  try {
    if (auth === "google") return { google: googleKey.parse(JSON.parse(credential)) };
    return { aws: awsKey.parse(JSON.parse(credential)) };
  } catch {
    // The cause would tell the key.
    const what = auth === "google" ? "a service account key" : "a key with accessKeyId and secretAccessKey";
    throw new PublicError("upstream_auth", `The provider's credential cannot be used: it is not ${what}.`);
  }
}
