import { z } from "zod";
import { PublicError } from "@/lib/errors";
import { type CredentialRow, credentialsOf } from "@/lib/policy/rows/credential-row";
import { type CredentialUse, credentialEnvFault, credentialMoves, sealCredential } from "@/lib/providers/credential";
import type { ConsoleContext } from "../kernel/context";

/** Each adds a plan to an admission while its room is known. */
export const CREDENTIALS_MAX = 15;
const WEIGHT_MAX = 1000;

export const credentialWeight = z.number().int().min(1).max(WEIGHT_MAX).default(1);
export const credentialEnv = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,63}$/, "the name of an environment variable")
  .nullable()
  .default(null);
/** Write-only, stored encrypted. */
const secret = z.string().min(1).max(8000);

export const credentialInput = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "lower-case letters, digits and dashes, at most 32"),
  weight: credentialWeight,
  credentialEnv,
  /** Absent keeps the stored one with this name, for the same host and dialect. */
  credential: secret.optional(),
});
type Input = z.infer<typeof credentialInput>;

type Provider = CredentialUse & { readonly id: string };

/** The list as stored. A secret that is not sent again is kept under its name; sealed secrets are never returned. */
export function storedCredentials(
  context: Pick<ConsoleContext, "seal" | "credentialHosts">,
  provider: Provider,
  {
    before,
    inputs,
  }: { readonly before: (CredentialUse & { readonly credentials: unknown }) | null; readonly inputs: readonly Input[] },
): readonly CredentialRow[] {
  const known = new Map(credentialsOf(before?.credentials).map((one) => [one.name, one]));
  if (new Set(inputs.map(({ name }) => name)).size < inputs.length)
    throw refused("Each credential needs a unique name.");
  const moved = before === null ? null : credentialMoves(before, provider);
  return inputs.map(({ name, weight, credentialEnv: variable, credential }) => {
    const old = known.get(name);
    const fault = variable === null ? null : credentialEnvFault(variable, provider.baseUrl, context.credentialHosts);
    if (fault !== null) throw refused(`credentialEnv ${variable} ${fault}.`);
    const kept = credential === undefined && variable === null ? (old?.credentialSealed ?? null) : null;
    if (kept !== null && moved !== null)
      throw refused(`The credential "${name}" is bound to ${moved}. Send it again with this change, or leave it out.`);
    if (credential === undefined && variable === null && kept === null)
      throw refused(`The credential "${name}" needs a variable (credentialEnv) or the credential itself.`);
    return {
      name,
      weight,
      credentialEnv: variable,
      credentialSealed: credential === undefined ? kept : sealCredential(context.seal, provider, credential),
      credentialLast4: credential?.slice(-4) ?? (kept === null ? null : (old?.credentialLast4 ?? null)),
      takenOutReason: old?.takenOutReason ?? null,
      reopenedAtMs: old?.reopenedAtMs ?? 0,
    };
  });
}

/** A stored list for people. */
export function shownCredentials(stored: unknown) {
  return credentialsOf(stored).map(({ name, weight, credentialEnv: variable, credentialLast4, takenOutReason }) => {
    return { name, weight, credentialEnv: variable, credentialLast4, takenOutReason };
  });
}

function refused(message: string): PublicError {
  return new PublicError("invalid_value", message, { param: "credentials" });
}
