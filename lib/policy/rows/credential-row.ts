import { z } from "zod";

/** A further credential of a provider, as the database keeps it, beside the provider's own. */
export const credentialRow = z.object({
  /** of this provider; its places and counters are named by it */
  name: z.string(),
  /** its share of the calls; the provider's own credential has `credentialWeight` */
  weight: z.number(),
  credentialEnv: z.string().nullable(),
  /** sealed for the provider, its address and dialect */
  credentialSealed: z.string().nullable(),
  credentialLast4: z.string().nullable(),
  /** reason of the operator who took it out of service; null = in service */
  takenOutReason: z.string().nullable(),
  /** epoch ms; cool-downs from before do not hold. 0 = all do */
  reopenedAtMs: z.number(),
});
export type CredentialRow = z.infer<typeof credentialRow>;

/** The further credentials of a stored provider; one that cannot be read is none. */
export function credentialsOf(stored: unknown): readonly CredentialRow[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((one) => credentialRow.safeParse(one).data ?? []);
}

/** Names a credential in places and counters; the provider's own has the provider's id. */
export function credentialId(providerId: string, name: string): string {
  return `${providerId}~${name}`;
}

/** Display name of a credential; null = the provider's own. */
export function credentialName({ id, credentialId: named }: { readonly id: string; readonly credentialId: string }) {
  return named === id ? null : named.slice(credentialId(id, "").length);
}
