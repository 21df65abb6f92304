import { brokenOff, PublicError } from "@/lib/errors";
import { parseJsonBody } from "@/lib/wire/json/json-guard";
import { isJsonType } from "@/lib/wire/media-type";
import { refuseNul } from "./no-nul";

/** The largest body of an operator's request, in bytes. */
export const ADMIN_BODY_BYTES_MAX = 1024 * 1024;
/** The largest body on the way in and out, in bytes: an address and a password. It needs no session to be sent. */
export const AUTH_BODY_BYTES_MAX = 16 * 1024;

/**
 * The JSON object of an operator's request. What the headers rule out is refused without reading a byte, and no byte
 * beyond the cap is kept: the length may be absent or wrong.
 */
export async function readJsonBody(request: Request, bytesMax: number): Promise<Record<string, unknown>> {
  if (!isJsonType(request.headers.get("content-type")))
    throw new PublicError("unsupported_media_type", "Send the body as content-type: application/json.");
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw tooLarge(bytesMax);
  const body = parseJsonBody(await collected(request, bytesMax));
  refuseNul(body);
  return body;
}

/** The stream is left as it is when the cap is passed: to cancel it would end the connection before the answer. */
async function collected(request: Request, bytesMax: number): Promise<Uint8Array> {
  const reader = request.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (reader !== undefined) {
    const { done, value } = await reader.read().catch((thrown: unknown) => {
      throw brokenOff(thrown);
    });
    if (done) break;
    size += value.byteLength;
    if (size > bytesMax) throw tooLarge(bytesMax);
    chunks.push(value);
  }
  return Buffer.concat(chunks);
}

function tooLarge(bytesMax: number): PublicError {
  return new PublicError("body_too_large", `The request body is larger than ${bytesMax} bytes.`);
}
