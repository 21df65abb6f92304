import { answersOf, limitedByCredential } from "@/db/queries/money/usage";
import type { AdminRequest } from "../kernel/door";

const LOOK_BACK_MINUTES = 15;

export type ProviderHealth = {
  readonly minutes: number;
  readonly providers: readonly {
    readonly slug: string;
    readonly name: string;
    readonly enabled: boolean;
    readonly calls: number;
    readonly failed: number;
    /** those of them that it answered with 429 */
    readonly limited: number;
    /** time to the provider's first bytes, ms; null = it answered none */
    readonly p50Ms: number | null;
    readonly p95Ms: number | null;
    readonly lastFailedAt: string | null;
  }[];
  /** by serving model and credential; null = the provider's own credential. None without calls. */
  readonly credentials: readonly {
    readonly provider: string;
    readonly credential: string | null;
    readonly model: string;
    readonly calls: number;
    readonly limited: number;
  }[];
};

/** GET /api/admin/providers: each provider's answers in the last minutes. */
export async function listProviders({ context }: AdminRequest) {
  await context.drainBooks();
  const since = new Date(context.clock.now() - LOOK_BACK_MINUTES * 60_000);
  const rows = await answersOf(context.db, since);
  const providers = rows.map(({ lastFailedAt, ...row }) => ({
    ...row,
    lastFailedAt: lastFailedAt?.toISOString() ?? null,
  }));
  const credentials = await limitedByCredential(context.db, since);
  const view: ProviderHealth = { minutes: LOOK_BACK_MINUTES, providers, credentials };
  return { body: view };
}
