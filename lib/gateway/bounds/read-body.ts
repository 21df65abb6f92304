import { PublicError } from "@/lib/errors";
import { USUAL_PRIORITY } from "@/lib/limits/rules/priority";
import { isJsonType } from "@/lib/wire/media-type";
import { isFormType } from "@/lib/wire/others/form-body";
import type { Principal } from "../caller/principal";
import { priorityOf } from "../caller/subject";
import type { Exchange } from "../exchange/exchange";
import type { Bounds } from "./bounds";

/**
 * Reads a request's body within the bounds of its key. Refuses by the headers alone where possible, without reading a
 * byte. Throws PublicError.
 */
export async function readBody(
  bounds: Bounds,
  exchange: Exchange,
  principal: Principal,
  kind: "json" | "form" = "json",
): Promise<Uint8Array> {
  bounds.known(exchange, principal, priorityOf(exchange, principal) ?? USUAL_PRIORITY);
  const encoding = exchange.header("content-encoding");
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new PublicError(
      "unsupported_content_encoding",
      "Compressed request bodies are not supported. Send uncompressed JSON.",
    );
  }
  const type = exchange.header("content-type");
  if (kind === "json" && !isJsonType(type))
    throw new PublicError("unsupported_media_type", "Send the body as content-type: application/json.");
  if (kind === "form" && !isFormType(type))
    throw new PublicError("unsupported_media_type", "Send the body as content-type: multipart/form-data; boundary=….");
  const length = exchange.header("content-length");
  return bounds.read(exchange, exchange.body, length === undefined ? null : Number(length), exchange.signal);
}
