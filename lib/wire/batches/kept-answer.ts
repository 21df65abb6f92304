import { NO_USAGE } from "@/lib/money/usage";
import { parseBody } from "../json/object";
import type { MeteredBody } from "../usage";

/** A provider's answer about a file or a batch. Reading it is free; a submission is billed when the batch has ended. */
export function toldOfKept(bytes: Uint8Array): MeteredBody | null {
  const body = parseBody(bytes);
  return body === null ? null : { body, reading: { reported: NO_USAGE, countedOutputTokens: 0, hasContent: true } };
}

/** A batch's results have the same path here as at the provider: clients go where this member leads. */
export function toldOfBatch(bytes: Uint8Array): MeteredBody | null {
  const metered = toldOfKept(bytes);
  if (metered === null || typeof metered.body.results_url !== "string") return metered;
  const results = `/v1/messages/batches/${encodeURIComponent(String(metered.body.id))}/results`;
  return { ...metered, body: { ...metered.body, results_url: results } };
}
