import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";

/** Why a request is refused before its content is read: status, code, text. */
export type EarlyRefusal = {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** All methods that are served; each route accepts some of them. */
export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/** Node keeps one more, so that an excess can be detected. */
export const HEADER_LINES_MAX = 100;
export const TARGET_CHARS_MAX = 2048;
/** The number of recently checked hosts and paths that are cached. */
const KNOWN_MAX = 1000;
/** Headers whose second occurrence a proxy in front could read differently than we do. */
const SINGLE = new Set([
  "authorization",
  "x-api-key",
  "api-key",
  "content-type",
  "content-encoding",
  "idempotency-key",
  "origin",
  "cookie",
  "x-spillway-user",
  "x-spillway-feature",
  "x-request-id",
]);
const HOP_BY_HOP = new Set(["close", "keep-alive", "upgrade", "te", "trailer", "transfer-encoding", "http2-settings"]);

/** Checks the request line and the headers as received. Null = fine. */
export function guard(request: IncomingMessage, isOwnHost: (host: string) => boolean): EarlyRefusal | null {
  const target = request.url ?? "";
  if (!METHODS.includes(request.method ?? "")) {
    return {
      status: 405,
      code: "method_not_allowed",
      message: "This method is not served.",
      headers: { allow: METHODS.join(", ") },
    };
  }
  if (target.length > TARGET_CHARS_MAX)
    return { status: 414, code: "target_too_long", message: "The request target is too long." };
  if (!target.startsWith("/"))
    return { status: 400, code: "bad_target", message: "The request target must be a path on this server." };
  if (!isPlainPath(pathOf(target))) return { status: 404, code: "not_found", message: "Not found." };
  if (request.rawHeaders.length / 2 > HEADER_LINES_MAX)
    return { status: 431, code: "too_many_headers", message: `More than ${HEADER_LINES_MAX} header lines.` };
  const { twice, hosts } = looked(request.rawHeaders);
  if (twice !== null) {
    const isCredential = ["authorization", "x-api-key", "api-key"].includes(twice);
    return {
      status: 400,
      code: isCredential ? "ambiguous_credentials" : "duplicate_header",
      message: `The header ${twice} was sent twice.`,
    };
  }
  return badHost(hosts, isOwnHost) ?? badConnection(request) ?? badFraming(request);
}

/** The path of a request target, as sent. */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query === -1 ? target : target.slice(0, query);
}

/** RFC 3986 pchar, plus the brackets in Next's chunk names. */
const PLAIN_SEGMENT = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@[\]]|%[0-9A-Fa-f]{2})+$/;
/** Letters, digits and `-._~`: encoding them makes a second name for the same path. */
const NEEDLESSLY_ENCODED = /%(?:2[DE]|3\d|[46][1-9A-F]|[57][0-9A]|5F|7E)/i;
/** An id that may contain slashes, which SDKs encode. It is the rest of the path. */
const MODEL_PATH = /^\/(?:v1\/models|api\/admin\/(?:models|providers))\/(?=.)/;

/**
 * Whether a path is in its one normal form, so that no code behind this check can read it as another path. It has no
 * empty and no dot segments, no trailing slash, no backslash, no needless encoding, and no encoded slash, backslash,
 * percent sign or control character.
 */
export function isPlainPath(path: string): boolean {
  if (path === "/" || JUDGED.has(path)) return true;
  const isPlain = hasPlainSegments(path);
  if (isPlain && JUDGED.size >= KNOWN_MAX) JUDGED.clear();
  if (isPlain) JUDGED.add(path);
  return isPlain;
}

/** Paths that recently passed the check. */
const JUDGED = new Set<string>();

function hasPlainSegments(path: string): boolean {
  const model = MODEL_PATH.exec(path)?.[0] ?? null;
  const plain = model === null ? path : `${model}${path.slice(model.length).replace(/%2F/gi, "/")}`;
  return plain.startsWith("/") && plain.slice(1).split("/").every(isPlainSegment);
}

function isPlainSegment(segment: string): boolean {
  if (segment === "." || segment === "..") return false;
  if (!PLAIN_SEGMENT.test(segment) || NEEDLESSLY_ENCODED.test(segment)) return false;
  try {
    return !/[/\\%\p{Cc}]/u.test(decodeURIComponent(segment));
  } catch {
    return false;
  }
}

/** Our own host names: those listed, loopback, and any IP address (no page can make a browser send a foreign name). */
export function hostJudge(listed: readonly string[]): (host: string) => boolean {
  const own = new Set(["localhost", ...listed]);
  // Callers use the same few addresses, and parsing one takes some microseconds.
  const known = new Map<string, boolean>();
  return (host) => {
    if (own.has(host)) return true;
    let isAddress = known.get(host);
    if (isAddress !== undefined) return isAddress;
    if (known.size >= KNOWN_MAX) known.clear();
    isAddress = ipaddr.isValid(host);
    known.set(host, isAddress);
    return isAddress;
  };
}

function badHost(hosts: readonly string[], isOwnHost: (host: string) => boolean): EarlyRefusal | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::\d{1,5})?$/i.exec(hosts[0] ?? "");
  if (hosts.length !== 1 || match === null)
    return { status: 400, code: "bad_host", message: "The Host header is not valid." };
  const host = (match[1] ?? match[2] ?? "").toLowerCase();
  return isOwnHost(host)
    ? null
    : { status: 421, code: "unknown_host", message: "This server does not serve that host. Add it to ALLOWED_HOSTS." };
}

/** `Connection: authorization` asks a proxy to strip our credential. No honest client sends it. */
function badConnection({ headers: { connection = "" } }: IncomingMessage): EarlyRefusal | null {
  if (connection === "" || connection === "keep-alive") return null;
  const named = connection.split(",").map((name) => name.trim().toLowerCase());
  const odd = named.some((name) => name !== "" && !HOP_BY_HOP.has(name));
  return odd
    ? {
        status: 400,
        code: "bad_connection_header",
        message: "The Connection header names a header that is not hop-by-hop.",
      }
    : null;
}

/** Node also reads `HTTP/2.0` in plain text, and answers it as 1.1. */
const VERSIONS: readonly string[] = ["1.0", "1.1"];

/**
 * A transfer coding that we do not decode, or one in HTTP/1.0. Node accepts the chunks, and a proxy in front may see
 * the end of the body elsewhere (RFC 9112, 6.1).
 */
function badFraming({ headers, httpVersion }: IncomingMessage): EarlyRefusal | null {
  if (!VERSIONS.includes(httpVersion))
    return { status: 505, code: "bad_framing", message: "This server speaks HTTP/1.1." };
  const coding = headers["transfer-encoding"];
  if (coding === undefined) return null;
  if (httpVersion !== "1.1") return { status: 400, code: "bad_framing", message: "Transfer-Encoding needs HTTP/1.1." };
  return coding.trim().toLowerCase() === "chunked"
    ? null
    : { status: 501, code: "bad_framing", message: "Of transfer codings only chunked is read." };
}

/** The first header that was sent twice but must not be, and every Host. Names and values alternate in `raw`. */
function looked(raw: readonly string[]): { readonly twice: string | null; readonly hosts: readonly string[] } {
  const seen: string[] = [];
  const hosts: string[] = [];
  let twice: string | null = null;
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] ?? "").toLowerCase();
    if (name === "host") hosts.push(raw[at + 1] ?? "");
    if (!SINGLE.has(name)) continue;
    if (seen.includes(name)) twice ??= name;
    else seen.push(name);
  }
  return { twice, hosts };
}
