import type { IncomingMessage, ServerResponse } from "node:http";
import { ADDRESS_HEADER } from "@/lib/console/kernel/address-header";
import { consoleBodyBytesMax } from "@/lib/console/kernel/read-body";
import { PublicError } from "@/lib/errors";
import { CLIENT_HEADER } from "@/lib/gateway/exchange/next-door";
import { isDataPlane } from "@/lib/gateway/routes/handle";
import type { Door } from "../door";
import { guardedAt } from "../net/front-door";
import type { EarlyRefusal } from "../net/guard";
import { PEER_HEADER } from "../net/pass-on";
import { consoleHeaders } from "./console-headers";
import { refuseEarly } from "./early-answers";
import { isRouterState } from "./router-state";

/** Passes a request to Next. */
export type NextHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A request for Next, with our server's data about it. */
export type ForNext = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  /** the client's */
  readonly address: string;
  /** of a call */
  readonly requestId?: string;
};

/** Time limit for the body of a request that Next serves. */
const BODY_MS = 15_000;

/** Headers with which clients could reach parts of Next that we do not use, or pose as a proxy. */
const STRIPPED = [
  "x-middleware-subrequest",
  "x-nextjs-data",
  "next-action",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "forwarded",
  "x-invoke-path",
  "x-matched-path",
  PEER_HEADER,
];

/** Headers with which Next's own pages request data. On the API they would only cause redirects. */
const PAGE_ONLY = ["rsc", "next-router-state-tree", "next-router-prefetch", "next-router-segment-prefetch", "next-url"];

const TOO_LARGE: EarlyRefusal = { status: 413, code: "body_too_large", message: "The request body is too large." };
const NO_IMAGES: EarlyRefusal = { status: 404, code: "not_found", message: "Not found." };
const LATE: EarlyRefusal = { status: 408, code: "request_timeout", message: "The request body comes too slowly." };

/** Passes a request to Next, with bounds and without the headers that only our own server may set. */
export async function passToNext(
  { request, response, path, address, requestId = "" }: ForNext,
  { door, next, isDev }: { readonly door: Door; readonly next: NextHandler; readonly isDev: boolean },
): Promise<void> {
  const isData = isDataPlane(path);
  // The handlers also count the bytes, because a length may be absent.
  if (!isData && Number(request.headers["content-length"] ?? 0) > consoleBodyBytesMax(path))
    return refuseEarly(response, TOO_LARGE);
  if (!isData) endIfLate(request, response);
  if (path.startsWith("/_next/image")) return refuseEarly(response, NO_IMAGES);
  const isApi = path.startsWith("/api/") || isData;
  for (const name of isApi ? [...STRIPPED, ...PAGE_ONLY] : STRIPPED) delete request.headers[name];
  const tree = request.headers["next-router-state-tree"];
  if (tree !== undefined && !isRouterState(String(tree))) delete request.headers["next-router-state-tree"];
  delete request.headers["x-forwarded-for"];
  request.headers[CLIENT_HEADER] = `${door.doorSecret} ${address} ${requestId}`;
  request.headers[ADDRESS_HEADER] = address;
  const isPage = !isApi && !path.startsWith("/_next/static/");
  consoleHeaders(request, response, { isSecure: door.env.publicUrl.startsWith("https:"), isPage, isDev });
  await next(request, response);
}

/** Counts an attempt at sign-in or the admin API. Returns the refusal when the address has had too many. */
export async function turnedAway(
  { path, address }: Pick<ForNext, "path" | "address">,
  { attempts }: Pick<Door, "attempts">,
): Promise<EarlyRefusal | null> {
  const what = guardedAt(path);
  if (what === null) return null;
  const blockedMs = attempts.blockedMs(what, address) || (await attempts.count(what, address));
  if (blockedMs === 0) return null;
  const { code, message, status, retryAfterSeconds } = tooMany(blockedMs);
  return { status, code, message, headers: { "retry-after": String(retryAfterSeconds) } };
}

/** Ends a request whose body does not arrive. */
export function endIfLate(request: IncomingMessage, response: ServerResponse): void {
  const late = setTimeout(() => {
    if (request.complete) return;
    if (response.headersSent) response.destroy();
    else refuseEarly(response, LATE);
  }, BODY_MS);
  request.once("end", () => clearTimeout(late)).once("close", () => clearTimeout(late));
}

function tooMany(blockedMs: number): PublicError {
  const seconds = Math.max(1, Math.ceil(blockedMs / 1000));
  const message = `Too many attempts from this address. Please try again in ${seconds}s.`;
  return new PublicError("too_many_attempts", message, { retryAfterSeconds: seconds });
}
