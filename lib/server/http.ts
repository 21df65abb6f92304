import { createHash, timingSafeEqual } from "node:crypto";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { systemClock, systemElapsed } from "@/lib/clock";
import { ADDRESS_HEADER } from "@/lib/console/kernel/address-header";
import { ADMIN_BODY_BYTES_MAX, AUTH_BODY_BYTES_MAX } from "@/lib/console/kernel/read-body";
import { PublicError } from "@/lib/errors";
import { fromReadable } from "@/lib/gateway/bounds/body-source";
import { apiPath, meansApi } from "@/lib/gateway/exchange/api-path";
import { CLIENT_HEADER } from "@/lib/gateway/exchange/next-door";
import { handle, isDataPlane } from "@/lib/gateway/routes/handle";
import { newRequestId } from "@/lib/request-id";
import { type CallExchange, sendReply } from "./answer/send-reply";
import { consoleHeaders } from "./console-headers";
import type { Door } from "./door";
import { makeOrder } from "./in-order";
import { clientAddress, NO_ADDRESS, rangeJudge } from "./net/client-address";
import { type EarlyRefusal, guard, HEADER_LINES_MAX, hostJudge, METHODS, pathOf } from "./net/guard";
import { Pace } from "./net/pace";
import { NobodyThere, PEER_HEADER } from "./net/pass-on";

/** Hands a request to Next. */
export type NextHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Hands a request with its client's address to the process that serves the console. */
export type PassOn = (request: IncomingMessage, response: ServerResponse, address: string) => Promise<void>;

export type DoorOptions = {
  readonly isDev: boolean;
  /** set where another process serves the console */
  readonly passOn?: PassOn;
  /** only our own processes can connect: the client's address is as they say */
  readonly isInner?: boolean;
};

const HEADERS_MS = 10_000;
/** Of what Next serves. */
const BODY_MS = 15_000;
/** The longest that a body of a call may take: 64 MiB at 2 Mbit/s. Before that the gateway judges their pace. */
const REQUEST_MS = 300_000;
const IDLE_MS = 5_000;
const HEADER_BYTES_MAX = 16 * 1024;
const CONNECTIONS_MAX = 10_000;
const REQUESTS_PER_SOCKET_MAX = 1000;
/** header lines that our own processes may add */
const PASSED_HEADERS = 4;
/** What the log calls a request whose caller left before its answer was over. */
const CLIENT_GONE = 499;

/** Headers by which clients could talk to parts of Next that we do not use, or pass for a proxy. */
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

/** Headers by which Next's own pages ask for data; on the API they would only cause redirects. */
const PAGE_ONLY = ["rsc", "next-router-state-tree", "next-router-prefetch", "next-router-segment-prefetch", "next-url"];

/**
 * The HTTP server in front of Next: knows the true client address, refuses what is ambiguous, bounds every wait, and
 * hands data-plane calls straight to the gateway (or, with SPILLWAY_DOOR=next, to Next's route handlers).
 */
export function makeServer(door: Door, next: NextHandler, options: DoorOptions): http.Server {
  const server = http.createServer({
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: 500,
    requireHostHeader: true,
  });
  standBefore(server, door, { next, ...options });
  return server;
}

/** The same for a server that somebody else has made and that listens to no requests yet, or not any more. */
export function standBefore(
  server: http.Server,
  door: Door,
  options: DoorOptions & { readonly next: NextHandler },
): void {
  const { next } = options;
  const { env, gateway } = door;
  const isOwnHost = hostJudge([...env.allowedHosts, env.host.toLowerCase(), new URL(env.publicUrl).hostname]);
  const isProxy = env.trustedProxies.length === 0 ? null : rangeJudge(env.trustedProxies);
  const trust = { hops: env.trustedHops, isProxy };

  const pace = new Pace(systemElapsed);
  /** Its connection ends for what it sent. Behind a proxy all have the proxy's address, which has done nothing. */
  const cut = ({ remoteAddress = "" }: Socket) => {
    if (options.isInner === true) return;
    if (trust.hops === 0 && isProxy?.(remoteAddress) !== true) pace.cut(remoteAddress);
  };

  const serve = async (request: IncomingMessage, response: ServerResponse, mustContinue: boolean): Promise<void> => {
    if (door.isDraining()) response.setHeader("connection", "close");
    request.url = inOneForm(request.url ?? "/");
    // What our own processes pass on was judged where it came in.
    const refused = options.isInner === true ? null : guard(request, isOwnHost);
    if (refused !== null) {
      cut(request.socket);
      return refuseEarly(response, refused);
    }
    const target = request.url;
    // In normal form, or the guard had refused it: what Next makes of it is the same path.
    const path = pathOf(target);
    const query = target.slice(path.length + 1);
    if (path === "/api/healthz") return sendText(response, 200, "ok");
    if (path === "/api/readyz") {
      const { isReady, lacks } = await door.ready();
      const lines = [isReady ? "ready" : "not ready", ...lacks.map((one) => `degraded: ${one}`)];
      return sendText(response, isReady ? 200 : 503, lines.join("\n"));
    }
    const isStray = meansApi(path, request.method ?? "GET", (name) => joined(request.headers[name]));
    const isData = isDataPlane(path) || isStray;
    const { passOn = null } = options;
    // With a port of its own the console is not served here; the figures are those of all processes at both.
    const isConsoles = env.consolePort === null ? !isData : path === "/api/metrics";
    if (passOn !== null && isConsoles) return passOut(request, response, passOn);
    if (path === "/api/metrics") return sendMetrics(door, request, response);
    if (!isData) {
      if (env.plane === "gateway" || passOn !== null) return refuseEarly(response, NOT_THIS_PLANE);
      if (await isTurnedAway(request, response, path)) return;
      return passToNext(request, response, path);
    }
    if (gateway === null || env.plane === "console") return refuseEarly(response, NOT_THIS_PLANE);
    const exchange = exchangeOf({ request, response, path, query, mustContinue });
    const began = performance.now();
    try {
      if (env.door === "next" && !isStray) {
        await passToNext(request, response, path);
        gateway.metrics.answered(response.statusCode);
        return;
      }
      const reply = await handle(gateway, exchange);
      gateway.metrics.answered(reply.status);
      if (!request.complete) cut(request.socket);
      await sendReply(response, reply, exchange);
    } finally {
      gateway.bounds.leave(exchange);
      const { method } = exchange;
      // Behind Next's handlers the answer has an id of its own.
      const requestId = response.getHeader("x-request-id") ?? exchange.requestId;
      const ms = Math.round(performance.now() - began);
      // The path's own text stays out of the log: it is the caller's, and may hold what it should not.
      const status = exchange.signal.aborted ? CLIENT_GONE : response.statusCode;
      door.log.info({ requestId, method, status, ms }, "call");
    }
  };

  function exchangeOf(input: {
    request: IncomingMessage;
    response: ServerResponse;
    path: string;
    query: string;
    mustContinue: boolean;
  }): CallExchange {
    const { request, response } = input;
    const abort = new AbortController();
    response.once("close", () => response.writableFinished || abort.abort("gone"));
    return {
      requestId: newRequestId(systemClock.now()),
      method: request.method === "HEAD" ? "GET" : (request.method ?? "GET"),
      path: input.path,
      query: input.query,
      header: (name) => joined(request.headers[name]),
      headers: () => Object.entries(request.headers).map(([name, value]) => [name, joined(value) ?? ""] as const),
      body: (take, signal) => {
        if (input.mustContinue) response.writeContinue();
        return fromReadable(request)(take, signal);
      },
      clientAddress: addressOf(request),
      signal: abort.signal,
      abort,
      request,
    };
  }

  async function passToNext(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    if (!isDataPlane(path) && Number(request.headers["content-length"] ?? 0) > bodyBytesMax(path))
      return refuseEarly(response, TOO_LARGE);
    if (!isDataPlane(path)) endIfLate(request, response);
    if (path.startsWith("/_next/image"))
      return refuseEarly(response, { status: 404, code: "not_found", message: "Not found." });
    const isApi = path.startsWith("/api/") || isDataPlane(path);
    const address = addressOf(request);
    for (const name of isApi ? [...STRIPPED, ...PAGE_ONLY] : STRIPPED) delete request.headers[name];
    delete request.headers["x-forwarded-for"];
    request.headers[CLIENT_HEADER] = `${door.doorSecret} ${address}`;
    request.headers[ADDRESS_HEADER] = address;
    const isPage = !isApi && !path.startsWith("/_next/static/");
    consoleHeaders(request, response, { isSecure: env.publicUrl.startsWith("https:"), isPage, isDev: options.isDev });
    await next(request, response);
  }

  /** Sign-in and admin API: so many tries per address. */
  async function isTurnedAway(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
    const what = path.startsWith("/api/auth/sign-in") ? "sign_in" : path.startsWith("/api/admin/") ? "admin_api" : null;
    if (what === null) return false;
    const address = addressOf(request);
    const blockedMs = door.attempts.blockedMs(what, address) || (await door.attempts.count(what, address));
    if (blockedMs === 0) return false;
    const { code, message, status, retryAfterSeconds } = tooMany(blockedMs);
    refuseEarly(response, { status, code, message, headers: { "retry-after": String(retryAfterSeconds) } });
    return true;
  }

  async function passOut(request: IncomingMessage, response: ServerResponse, passOn: PassOn): Promise<void> {
    try {
      await passOn(request, response, addressOf(request));
    } catch (error) {
      if (!(error instanceof NobodyThere)) throw error;
      if (!response.destroyed) refuseEarly(response, CONSOLE_AWAY);
    }
  }

  function addressOf(request: IncomingMessage): string {
    if (options.isInner === true) return joined(request.headers[PEER_HEADER]) ?? NO_ADDRESS;
    const forwarded = request.headers["x-forwarded-for"];
    return clientAddress({
      peer: request.socket.remoteAddress,
      forwardedFor: Array.isArray(forwarded) ? forwarded.join(",") : forwarded,
      trust,
    });
  }

  const fail = (response: ServerResponse, error: unknown) => {
    if (response.destroyed) door.log.info({ err: error, status: CLIENT_GONE }, "client left");
    else door.log.error({ err: error }, "request failed");
    if (response.headersSent) response.destroy();
    else
      refuseEarly(response, {
        status: 500,
        code: "internal",
        message: "An internal error occurred. It has been logged.",
      });
  };
  const inOrder = makeOrder(cut);
  const listener = (mustContinue: boolean) => (request: IncomingMessage, response: ServerResponse) =>
    inOrder(request, response, () => {
      serve(request, response, mustContinue).catch((error: unknown) => fail(response, error));
    });
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  server.maxHeadersCount = HEADER_LINES_MAX + (options.isInner === true ? PASSED_HEADERS : 1);
  // Our own processes keep their connections, and end them themselves.
  server.keepAliveTimeout = options.isInner === true ? 0 : IDLE_MS;
  server.maxConnections = CONNECTIONS_MAX;
  server.maxRequestsPerSocket = options.isInner === true ? 0 : REQUESTS_PER_SOCKET_MAX;
  if (options.isInner !== true) server.on("connection", (socket) => pace.take(socket));
  server.on("request", listener(false));
  // The body is asked for only once the key is known: `100 Continue` is sent by the first read.
  server.on("checkContinue", listener(true));
  server.on("upgrade", (_request, socket) => refuseTunnel(socket, "426 Upgrade Required"));
  server.on("connect", (_request, socket) => refuseTunnel(socket, "405 Method Not Allowed", METHODS));
}

/** A request target with the API's path in its one form, whichever base URL its client was given. */
function inOneForm(target: string): string {
  const path = pathOf(target);
  const plain = apiPath(path);
  return plain === null ? target : `${plain}${target.slice(path.length)}`;
}

/** Node hands such a socket over bare: without a listener, a client that resets it would end the process. */
function refuseTunnel(socket: Duplex, status: string, allow: readonly string[] = []): void {
  socket.on("error", () => socket.destroy());
  const lines = [`HTTP/1.1 ${status}`, "Connection: close", "Content-Length: 0"];
  if (allow.length > 0) lines.push(`Allow: ${allow.join(", ")}`);
  socket.end(`${lines.join("\r\n")}\r\n\r\n`);
}

const NOT_THIS_PLANE: EarlyRefusal = {
  status: 404,
  code: "not_found",
  message: "This process does not serve that plane (PLANE).",
};

const CONSOLE_AWAY: EarlyRefusal = {
  status: 503,
  code: "starting",
  message: "The console is starting. Please try again in 1s.",
  headers: { "retry-after": "1" },
};

const TOO_LARGE: EarlyRefusal = { status: 413, code: "body_too_large", message: "The request body is too large." };

const LATE: EarlyRefusal = { status: 408, code: "request_timeout", message: "The request body comes too slowly." };

/** Ends a request whose body does not come. */
function endIfLate(request: IncomingMessage, response: ServerResponse): void {
  const late = setTimeout(() => {
    if (request.complete) return;
    if (response.headersSent) response.destroy();
    else refuseEarly(response, LATE);
  }, BODY_MS);
  request.once("end", () => clearTimeout(late)).once("close", () => clearTimeout(late));
}

/** Of what Next serves. Its handlers count the bytes as well: a length may be absent. */
function bodyBytesMax(path: string): number {
  return path.startsWith("/api/auth/") ? AUTH_BODY_BYTES_MAX : ADMIN_BODY_BYTES_MAX;
}

function tooMany(blockedMs: number): PublicError {
  const seconds = Math.max(1, Math.ceil(blockedMs / 1000));
  const message = `Too many attempts from this address. Please try again in ${seconds}s.`;
  return new PublicError("too_many_attempts", message, { retryAfterSeconds: seconds });
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}

function refuseEarly(response: ServerResponse, refused: EarlyRefusal): void {
  const { code, message, status, headers } = refused;
  const body = JSON.stringify({ error: { message, type: "invalid_request_error", param: null, code } });
  const always = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    connection: "close",
  };
  response.writeHead(status, { ...always, ...headers, "content-length": String(Buffer.byteLength(body)) }).end(body);
}

/** The figures of this process, for who has the token. Compared by digest, so that no length and no prefix tells. */
async function sendMetrics(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const sent = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const digest = (text: string) => createHash("sha256").update(text).digest();
  if (!timingSafeEqual(digest(sent), digest(door.metricsToken))) {
    const message = "Send METRICS_TOKEN (or the operator token) as a bearer token.";
    return refuseEarly(response, { status: 401, code: "unauthenticated", message });
  }
  const { type, body } = await door.metrics();
  response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(body);
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" })
    .end(`${text}\n`);
}
