import type { Call } from "@/lib/wire/call";

/** 64 bytes per token is far above any tokenizer's longest token. More bytes cannot be the requested answer. */
const TEXT_BYTES_PER_TOKEN = 64;
const EVENT_BYTES_PER_TOKEN = 1024;
const BASE_BYTES = 1024 * 1024;
/** The maximum bytes of one event, whatever its content. */
const ONE_EVENT_BYTES = 16 * 1024 * 1024;
/** Room for other content than text: several pictures, and the instructions that a response repeats. */
const PICTURES_BYTES = 3 * ONE_EVENT_BYTES;

const PICTURED: ReadonlySet<Call["endpoint"]> = new Set(["responses", "images", "image_edits"]);

/** The maximum bytes of an answer's stream, with this many output tokens for each choice. */
export function streamBytesMax(call: Pick<Call, "endpoint" | "choices" | "asks">, outputTokensEach: number): number {
  const more = PICTURED.has(call.endpoint) || call.asks.outputParts.length > 0 ? PICTURES_BYTES : ONE_EVENT_BYTES;
  return outputTokensEach * call.choices * (TEXT_BYTES_PER_TOKEN + EVENT_BYTES_PER_TOKEN) + BASE_BYTES + more;
}
