import type { Forwarded } from "@/lib/providers/forward";
import { looksLikeEvents, looksLikeJson } from "@/lib/wire/forms/events-in";
import { paced } from "./paced";

/**
 * Whether an answer is an event stream, and its body from the start. A declared event stream is believed, so its
 * headers pass immediately. Otherwise the first bytes decide, because media types may be missing or wrong.
 */
export async function kindOf(
  upstream: Forwarded,
  wait: Parameters<typeof paced>[1],
): Promise<{ isStream: boolean; body: Forwarded["body"] }> {
  const type = upstream.header("content-type")?.toLowerCase() ?? "";
  if (type.includes("text/event-stream")) return { isStream: true, body: upstream.body };
  const rest = paced(upstream.body, wait);
  const first: Uint8Array[] = [];
  let text = "";
  while (looksLikeJson(text) === null && text.length < SPACE_CHARS_MAX) {
    const { done, value } = await rest.next();
    if (done === true) break;
    if (value === null) continue;
    first.push(value);
    text += Buffer.from(value).toString("latin1");
  }
  // Latin-1 shows a byte order mark as its three bytes.
  const isStream = looksLikeEvents(text.replace(/^\u00ef\u00bb\u00bf/, ""));
  return {
    isStream,
    body: { [Symbol.asyncIterator]: () => again(first, rest), destroy: () => upstream.body.destroy() },
  };
}

/** Some servers send blanks while they work. */
const SPACE_CHARS_MAX = 64 * 1024;

async function* again(
  first: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array | null>,
): AsyncGenerator<Uint8Array> {
  yield* first;
  for await (const chunk of rest) if (chunk !== null) yield chunk;
}
