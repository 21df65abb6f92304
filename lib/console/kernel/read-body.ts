import { brokenOff, PublicError } from "@/lib/errors";
import { type JsonBounds, parseJsonBody } from "@/lib/wire/json/json-guard";
import { isJsonType } from "@/lib/wire/media-type";
import { refuseNul } from "./no-nul";

/** The largest body of an operator's request, in bytes. */
const ADMIN_BODY_BYTES_MAX = 1024 * 1024;
/** The largest configuration file as JSON, in bytes: some 100,000 tenants. */
const CONFIG_BODY_BYTES_MAX = 16 * 1024 * 1024;
/** The largest body of a sign-in or sign-out, in bytes: an address and a password. No session is needed to send it. */
const AUTH_BODY_BYTES_MAX = 16 * 1024;

/** The size limit of a request to the console, in bytes, by its path. */
export function consoleBodyBytesMax(path: string): number {
  if (path.startsWith("/api/auth/")) return AUTH_BODY_BYTES_MAX;
  return CONFIG_PATHS.has(path) ? CONFIG_BODY_BYTES_MAX : ADMIN_BODY_BYTES_MAX;
}

/** An object of a configuration file names each tenant, so it may have far more keys than a call. */
const CONFIG_BOUNDS: JsonBounds = {
  keys: 100_000,
  items: 10_000,
  allKeys: 1_000_000,
  values: 2_000_000,
  containers: 400_000,
};
const CONFIG_PATHS = new Set(["/api/admin/config", "/api/admin/config/plan"]);

/**
 * The JSON object of an operator's request, by the bounds of its path. Refuses by the headers alone where possible, and
 * keeps no byte beyond the cap, because the content-length may be absent or wrong. A DELETE may be empty: Next gives it a
 * stream even if nothing was sent, so only reading tells.
 */
export async function readJsonBody(request: Request, path: string): Promise<Record<string, unknown>> {
  const bytesMax = consoleBodyBytesMax(path);
  const isJson = isJsonType(request.headers.get("content-type") ?? undefined);
  const mayBeEmpty = request.method === "DELETE";
  if (!isJson && !mayBeEmpty) throw notJson();
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw tooLarge(bytesMax);
  const bounds = CONFIG_PATHS.has(path) ? { bounds: CONFIG_BOUNDS } : {};
  const bytes = await collected(request, bytesMax);
  if (mayBeEmpty && bytes.byteLength === 0) return {};
  if (!isJson) throw notJson();
  const body = parseJsonBody(bytes, bounds);
  refuseNul(body);
  return body;
}

/** The stream is not cancelled above the cap, because that would close the connection before the answer. */
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

function notJson(): PublicError {
  return new PublicError("unsupported_media_type", "Send the body as content-type: application/json.");
}

function tooLarge(bytesMax: number): PublicError {
  return new PublicError("body_too_large", `The request body is larger than ${bytesMax} bytes.`);
}
