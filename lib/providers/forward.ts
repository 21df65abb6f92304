import { Readable } from "node:stream";
import { Agent } from "undici";
import { PublicError } from "@/lib/errors";
import { isPublicAddress } from "@/lib/network";
import type { StopSignal } from "@/lib/stopper";
import { publicLookup } from "./address-guard";
import { Answer } from "./answer";
import type { Target } from "./catalog";
import { inflated } from "./encoding/inflated";

/** An upstream's answer with an unread body. Its owner must read or cancel it. */
export type Forwarded = {
  readonly status: number;
  header(name: string): string | null;
  readonly body: AsyncIterable<Uint8Array> & { destroy(): unknown };
};

/** Sends calls to providers: one attempt, no redirects, no client headers. */
export type Forward = (request: {
  target: Target;
  path: string;
  /** absent = POST; the others have no body */
  method?: "GET" | "POST" | "DELETE";
  /** ready to be sent */
  body: Uint8Array;
  /** of the body; absent = JSON */
  contentType?: string;
  /** absent = accepts an answer of a conversation */
  accept?: string;
  requestId: string;
  /** timeout in ms for the upstream's headers */
  headersMs: number;
  signal: StopSignal;
  /** Called just before the first byte is sent on an open connection; never when none could be opened. */
  onSent: () => void;
}) => Promise<Forwarded>;

const CONNECT_MS = 5000;
const CONNECTIONS_MAX = 512;

/** One pair of connection pools per process. undici itself, because `fetch` costs 330 µs more per call on Node 20. */
export function makeForward(): { forward: Forward; close(): Promise<void> } {
  const shared = { connections: CONNECTIONS_MAX, bodyTimeout: 0, keepAliveTimeout: 10_000, pipelining: 1 };
  const local = new Agent({ ...shared, connect: { timeout: CONNECT_MS } });
  const outside = new Agent({ ...shared, connect: { timeout: CONNECT_MS, lookup: publicLookup } });
  return {
    forward: (request) => send(request.target.allowLocal ? local : outside, request),
    close: async () => void (await Promise.all([local.destroy(), outside.destroy()])),
  };
}

async function send(agent: Agent, request: Parameters<Forward>[0]): Promise<Forwarded> {
  const { origin, basePath } = placeOf(request.target);
  const { body } = request;
  const headers: Record<string, string> = {};
  // Members behind a spread would each cost every call a microsecond or more.
  for (const [name, value] of Object.entries(request.target.headers)) headers[name] = value;
  const { method = "POST" } = request;
  headers.accept = request.accept ?? "application/json, text/event-stream";
  headers["accept-encoding"] = "identity";
  headers["x-request-id"] = request.requestId;
  if (method === "POST") {
    headers["content-type"] = request.contentType ?? "application/json";
    headers["content-length"] = String(body.byteLength);
  }
  const { signal, onSent, headersMs: headersTimeout } = request;
  const {
    answer,
    status,
    headers: answered,
  } = await new Promise<Begun>((resolve, reject) => {
    const answer = new Answer({
      signal,
      onSent,
      onBegun: (status, headers) => resolve({ answer, status, headers }),
      onFailed: (error) => reject(inWords(error)),
    });
    if (signal.aborted) return;
    const path = `${basePath}${request.path}`;
    try {
      agent.dispatch({ origin, path, method, headers, body: method === "POST" ? body : null, headersTimeout }, answer);
    } catch (error) {
      reject(inWords(error));
    }
  });
  const header = (name: string) => firstOf(answered[name]);
  return { status, header, body: asItWas(answer, header("content-encoding")) };
}

type Begun = {
  readonly answer: Answer;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
};

/** Providers are asked not to compress. An answer that is compressed anyway is read through Node's streams. */
function asItWas(answer: Answer, encoding: string | null): Forwarded["body"] {
  return encoding === null || encoding === "identity"
    ? answer
    : inflated(Readable.from(answer, { objectMode: false }), encoding);
}

type Place = { readonly origin: string; readonly basePath: string };

/** The URL of a target's calls. Throws PublicError when it may not be called. */
export function placeOf({ baseUrl, allowLocal }: Target): Place {
  const id = `${allowLocal ? "local" : "public"} ${baseUrl}`;
  const known = PLACES.get(id);
  if (known !== undefined) return known;
  const url = new URL(baseUrl);
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  // A literal address skips the look-up, so it is checked here.
  if (!allowLocal && /^[\d.]+$|:/.test(literal) && !isPublicAddress(literal)) {
    throw new PublicError("upstream_error", "The provider's address is not public.");
  }
  const place = { origin: url.origin, basePath: url.pathname === "/" ? "" : url.pathname };
  if (PLACES.size >= PLACES_MAX) PLACES.clear();
  PLACES.set(id, place);
  return place;
}

const PLACES = new Map<string, Place>();
const PLACES_MAX = 1000;

function firstOf(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

function inWords(error: unknown): PublicError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_CONNECT_TIMEOUT") {
    return new PublicError("upstream_timeout", "The provider did not answer in time.", { cause: error });
  }
  return new PublicError("upstream_error", "The provider could not be reached.", { cause: error });
}

/** An answer that is billed: providers in front of others also send 201 and 202. */
export function isAnswered(status: number): boolean {
  return status >= 200 && status < 300;
}

const TEXT_BYTES_MAX = 64 * 1024;

/** The beginning of a body as text; the rest is dropped. */
export async function textOf(answer: Forwarded): Promise<string> {
  const collected: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    collected.push(chunk);
    size += chunk.byteLength;
    if (size > TEXT_BYTES_MAX) break;
  }
  answer.body.destroy();
  return Buffer.concat(collected).toString("utf8");
}

/** A body that was read already, in readable form again. */
export function replayed(text: string): Forwarded["body"] {
  return Readable.from([Buffer.from(text)]);
}
