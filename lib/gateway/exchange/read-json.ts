import { brokenOff, PublicError } from "@/lib/errors";
import { parseJsonBody } from "@/lib/wire/json/json-guard";
import { isJsonType } from "@/lib/wire/media-type";
import type { Exchange } from "./exchange";

/** The largest request body, in bytes. */
export const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** The JSON object of a request's body. What the headers already rule out is refused without reading a byte. */
export async function readJson(exchange: Exchange): Promise<Record<string, unknown>> {
  const encoding = exchange.header("content-encoding");
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new PublicError(
      "unsupported_content_encoding",
      "Compressed request bodies are not read. Send the JSON as it is.",
    );
  }
  if (!isJsonType(exchange.header("content-type")))
    throw new PublicError("unsupported_media_type", "Send the body as content-type: application/json.");
  if (Number(exchange.header("content-length") ?? 0) > BODY_BYTES_MAX) throw tooLarge();
  const bytes = await exchange.body();
  // A large body takes tens of milliseconds to check: let what is waiting go first.
  if (bytes.byteLength > LARGE_BYTES) await new Promise((resolve) => setImmediate(resolve));
  return parseJsonBody(bytes, { keepsDigits: true });
}

const LARGE_BYTES = 256 * 1024;

/** Collects a body up to the cap; what lies beyond it is not read. */
export async function collectBody(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const collected: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of chunks) {
      size += chunk.byteLength;
      if (size > BODY_BYTES_MAX) throw tooLarge();
      collected.push(chunk);
    }
  } catch (thrown) {
    throw brokenOff(thrown);
  }
  return Buffer.concat(collected);
}

function tooLarge(): PublicError {
  return new PublicError("body_too_large", `The request body is larger than ${BODY_BYTES_MAX} bytes.`);
}
