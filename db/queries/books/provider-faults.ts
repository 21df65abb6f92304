import { sql } from "drizzle-orm";
import { ledger } from "../../schema/books";

/**
 * A call that its provider failed: a status that blames the provider (5xx, and 429: it has no room), no connection, no
 * start of a stream in time, a broken answer. Failures that a caller can cause do not count: a rightly refused request
 * (4xx), a caller that left, an answer that exceeded our time or size limit.
 */
export const failedByProvider = sql<boolean>`(
  ${ledger.ending} in ('upstream_error', 'upstream_cut', 'upstream_protocol_error')
  or (${ledger.ending} = 'upstream_refused' and (${ledger.upstreamStatus} >= 500 or ${ledger.upstreamStatus} = 429))
  or (${ledger.ending} = 'upstream_timeout' and ${ledger.stream} and ${ledger.upstreamStatus} is null))`;

/** A call that is evidence about its provider: served to the end, or failed by it. */
export const isEvidence = sql<boolean>`(${ledger.ending} = 'complete' or ${failedByProvider})`;
