import { NO_USAGE } from "@/lib/money/usage";
import { parseBody } from "../json/object";
import type { MeteredBody } from "../usage";

/** What a provider says of a file or a batch. Asking for it is free, and submitting is billed when the batch has ended. */
export function toldOfKept(bytes: Uint8Array): MeteredBody | null {
  const body = parseBody(bytes);
  return body === null ? null : { body, reading: { reported: NO_USAGE, countedOutputTokens: 0, hasContent: true } };
}

/** The results of a batch stand here, at the same path as there: clients go where this member leads. */
export function toldOfBatch(bytes: Uint8Array): MeteredBody | null {
  const metered = toldOfKept(bytes);
  if (metered === null || typeof metered.body.results_url !== "string") return metered;
  const results = `/v1/messages/batches/${encodeURIComponent(String(metered.body.id))}/results`;
  return { ...metered, body: { ...metered.body, results_url: results } };
}
