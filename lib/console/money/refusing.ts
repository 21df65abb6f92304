import type { LeastRefused } from "@/db/queries/overview/activity";
import { MINUTE_MS } from "@/lib/clock";

/** How far back refusals say what a limit has no room for. */
export const REFUSING_MS = 5 * MINUTE_MS;

type Limit = { readonly layer?: string; readonly dimension: string; readonly name: string; readonly remaining: number };

/**
 * Whether a limit refuses calls now: the smallest call that it refused lately does not fit into what is left now. A
 * refusal before its window began again, before a raise or before running calls ended says nothing about now.
 */
export function refusesNow(limit: Limit, refused: readonly Omit<LeastRefused, "tenantId">[]): boolean {
  return refused.some(
    ({ layer, dimension, name, asked }) =>
      name === limit.name &&
      dimension === limit.dimension &&
      (limit.layer === undefined || layer === limit.layer) &&
      asked > limit.remaining,
  );
}
