import { sql } from "drizzle-orm";
import { ledger } from "../../schema/books";

/**
 * A call that its provider failed: a status that blames the provider (5xx, and 429: it has no room), no connection, no
 * beginning of a stream in time, a broken answer. What the caller's own doing may bring about is none of it: a request
 * that was rightly refused (4xx), a caller that left, an answer that took longer or became larger than we let it.
 */
export const failedByProvider = sql<boolean>`(
  ${ledger.ending} in ('upstream_error', 'upstream_cut', 'upstream_protocol_error')
  or (${ledger.ending} = 'upstream_refused' and (${ledger.upstreamStatus} >= 500 or ${ledger.upstreamStatus} = 429))
  or (${ledger.ending} = 'upstream_timeout' and ${ledger.stream} and ${ledger.upstreamStatus} is null))`;

/** A call that tells something of its provider: one that it served to the end, or failed. */
export const isEvidence = sql<boolean>`(${ledger.ending} = 'complete' or ${failedByProvider})`;
