import { z } from "zod";
import { findProvider } from "@/db/queries/catalog/catalog";
import { PublicError } from "@/lib/errors";
import { SIMULATOR_URL, targetOf } from "@/lib/providers/catalog";
import type { Connection } from "@/lib/providers/connection/connect";
import { keyIn } from "@/lib/providers/presets/provider-key";
import type { AdminRequest } from "../kernel/door";

export const connectionInput = z.strictObject({ provider: z.string().min(1).max(128) });

/** The credential that was used for the test. `unset`: its variable is not set here, or not allowed for this host. */
export type SentCredential = "stored" | "variable" | "unset" | "none";

export type ConnectionView = {
  readonly provider: string;
  readonly credential: SentCredential;
  readonly outcome: Connection["outcome"] | "built_in";
  readonly status: number | null;
  readonly ms: number | null;
  /** by the provider's names; empty when it lists none */
  readonly models: readonly string[];
  /** why it is not reachable */
  readonly detail: string | null;
};

const NOTHING = { status: null, ms: null, models: [], detail: null };

/** POST /api/admin/connection-tests: asks a stored provider for its list of models. Costs nothing there. */
export async function testConnection({ context, input }: AdminRequest<typeof connectionInput>) {
  const found = await findProvider(context.db, input.provider);
  if (found === null)
    throw new PublicError("invalid_value", `There is no provider "${input.provider}".`, { param: "provider" });
  const provider = { ...found, dialect: found.dialect === "anthropic" ? ("anthropic" as const) : ("openai" as const) };
  const secret = context.credentialOf(provider);
  const isNamed = provider.credentialEnv !== null;
  const credential: SentCredential =
    secret === null ? (isNamed ? "unset" : "none") : provider.credentialSealed === null ? "variable" : "stored";
  const about = { ...NOTHING, provider: found.slug, credential };
  const target = provider.baseUrl === SIMULATOR_URL ? null : targetOf(provider, null, () => secret);
  if (target === null) return { body: { ...about, outcome: "built_in" as const } };
  const answer = await context.connect(target);
  // A key that only signs calls was not sent, so a request for a credential says nothing about the key.
  const isSigned = secret !== null && keyIn(provider, secret) !== null;
  const view: ConnectionView =
    isSigned && answer.outcome === "rejected" ? { ...about, ...answer, outcome: "answered" } : { ...about, ...answer };
  return { body: view };
}
