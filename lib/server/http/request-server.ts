import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { systemClock, systemElapsed } from "@/lib/clock";
import { refusePieces } from "@/lib/gateway/bounds/arriving-body";
import { fromReadable } from "@/lib/gateway/bounds/body-source";
import { CHUNKS_PER_UNIT } from "@/lib/gateway/bounds/bounds";
import { HeldAnswers } from "@/lib/gateway/bounds/held-answers";
import { currentGateway } from "@/lib/gateway/current-gateway";
import { apiPath, meansApi } from "@/lib/gateway/exchange/api-path";
import type { Exchange, Reply } from "@/lib/gateway/exchange/exchange";
import type { Gateway } from "@/lib/gateway/gateway";
import { handle, isDataPlane } from "@/lib/gateway/routes/handle";
import { newRequestId } from "@/lib/request-id";
import { Stopper } from "@/lib/stopper";
import { type CallExchange, sendReply } from "../answer/send-reply";
import type { Door } from "../door";
import { clientAddress, NO_ADDRESS, rangeJudge } from "../net/client-address";
import { type EarlyRefusal, guard, hostJudge, pathOf } from "../net/guard";
import { NobodyThere, PEER_HEADER } from "../net/pass-on";
import { countChunks } from "../net/reading/chunk-count";
import { Pace } from "../net/reading/pace";
import { parseAgain, stopParsing } from "../net/reading/portions";
import { isBrakePath } from "./brake-path";
import { refuseEarly, sendMetrics, sendText } from "./early-answers";
import { PIPELINED_MAX } from "./in-order";
import { serveBrakes } from "./serve-brakes";
import { type NextHandler, passToNext, turnedAway } from "./to-next";

/** Passes a request with its client's address to the process that serves the console. */
export type PassOn = (request: IncomingMessage, response: ServerResponse, address: string) => Promise<void>;

export type DoorOptions = {
  readonly isDev: boolean;
  /** set where another process serves the console */
  readonly passOn?: PassOn;
  /** only our own processes can connect, so the client's address in their header is trusted */
  readonly isInner?: boolean;
};

/** One request with its answer, as received. */
export type Incoming = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
};

/** A request whose target was checked. */
type Judged = Incoming & { readonly path: string; readonly query: string };

/** The log's status for a request whose caller left before its answer ended. */
const CLIENT_GONE = 499;

const SERVED = 200;
/** and above */
const REFUSED = 400;

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

const INTERNAL: EarlyRefusal = {
  status: 500,
  code: "internal",
  message: "An internal error occurred. It has been logged.",
};

/** Serves one request after the other: checks it, chooses what answers it, and logs calls. */
export class RequestServer {
  readonly pace = new Pace(systemElapsed);
  readonly #door: Door;
  readonly #options: DoorOptions & { readonly next: NextHandler };
  readonly #isOwnHost: (host: string) => boolean;
  readonly #trust: Parameters<typeof clientAddress>[0]["trust"];
  readonly #held: HeldAnswers;
  /** the call that is being served on a connection */
  readonly #serving = new WeakMap<Socket, Exchange>();

  constructor(door: Door, options: DoorOptions & { readonly next: NextHandler }) {
    const { env } = door;
    this.#door = door;
    this.#options = options;
    this.#isOwnHost = hostJudge([...env.allowedHosts, env.host.toLowerCase(), new URL(env.publicUrl).hostname]);
    const isProxy = env.trustedProxies.length === 0 ? null : rangeJudge(env.trustedProxies);
    this.#trust = { hops: env.trustedHops, isProxy };
    this.#held = door.gateway?.bounds.held ?? new HeldAnswers(systemElapsed);
  }

  get isInner(): boolean {
    return this.#options.isInner === true;
  }

  /** Notes a connection that was ended because of its data. Not behind a proxy: all clients would share its address. */
  cut({ remoteAddress = "" }: Socket): void {
    if (this.isInner) return;
    const { hops, isProxy } = this.#trust;
    if (hops === 0 && isProxy?.(remoteAddress) !== true) this.pace.cut(remoteAddress);
  }

  /** The same for too many pipelined requests. Their key is charged for them: each was parsed, and none is served. */
  cutAhead(socket: Socket): void {
    this.cut(socket);
    const exchange = this.#serving.get(socket);
    if (exchange !== undefined) this.#door.gateway?.bounds.charge(exchange, PIPELINED_MAX);
  }

  async serve(incoming: Incoming): Promise<void> {
    const { request, response } = incoming;
    if (this.#door.isDraining()) response.setHeader("connection", "close");
    request.url = inOneForm(request.url ?? "/");
    // Requests from our own processes were checked where they arrived.
    const refused = this.isInner ? null : guard(request, this.#isOwnHost);
    if (refused !== null) {
      this.cut(request.socket);
      return this.#refuse(incoming, refused);
    }
    // The path is in normal form (the guard refuses others), so Next derives the same path.
    const path = pathOf(request.url);
    const judged = { request, response, path, query: request.url.slice(path.length + 1) };
    if (path === "/api/healthz") return sendText(response, 200, "ok");
    if (path === "/api/readyz") return this.#sendReadiness(response);
    if (isBrakePath(path) && (await serveBrakes(this.#forNext(judged), this.#door))) return;
    const isOurs = isDataPlane(path);
    const isStray = !isOurs && meansApi(path, request.method ?? "GET", (name) => joined(request.headers[name]));
    const isData = isOurs || isStray;
    const { passOn = null } = this.#options;
    // If the console has its own port, it is not served here. Both ports serve the metrics of all processes.
    const isConsoles = this.#door.env.consolePort === null ? !isData : path === "/api/metrics";
    if (passOn !== null && isConsoles) return this.#passOut(judged, passOn);
    if (path === "/api/metrics") return sendMetrics(this.#door, request, response);
    return isData ? this.#serveCall(judged, isStray) : this.#serveConsole(judged);
  }

  /** Answers a request whose handler has thrown. */
  fail(response: ServerResponse, error: unknown): void {
    const { log } = this.#door;
    if (response.destroyed) log.info({ err: error, status: CLIENT_GONE }, "client left");
    else log.error({ err: error }, "request failed");
    if (response.headersSent) response.destroy();
    else refuseEarly(response, INTERNAL);
  }

  async #serveConsole(judged: Judged): Promise<void> {
    const { env } = this.#door;
    const isElsewhere = env.plane === "gateway" || this.#options.passOn !== undefined;
    // Failed tokens are also counted at the one operators' path that is served here.
    if (!isElsewhere || isBrakePath(judged.path)) {
      const refused = await turnedAway(this.#forNext(judged), this.#door);
      if (refused !== null) {
        if (!judged.request.complete) this.cut(judged.request.socket);
        return this.#refuse(judged, refused);
      }
    }
    if (isElsewhere) return refuseEarly(judged.response, NOT_THIS_PLANE);
    return this.#passToNext(judged);
  }

  async #serveCall(judged: Judged, isStray: boolean): Promise<void> {
    const { env, gateway } = this.#door;
    const { request, response } = judged;
    if (gateway === null || env.plane === "console") return refuseEarly(response, NOT_THIS_PLANE);
    const exchange = this.#exchangeOf(judged);
    this.#serving.set(request.socket, exchange);
    const began = performance.now();
    try {
      if (env.door === "next" && !isStray) return await this.#serveByNext(judged, gateway, exchange);
      const reply = await handle(gateway, exchange);
      const isHeld = await this.#judge(gateway, request, reply);
      await sendReply(response, reply, exchange, !isHeld);
    } finally {
      this.#left(gateway, exchange, response, began);
    }
  }

  /** Next's route handler serves the call. The rules about its connection are the same, and are kept here. */
  async #serveByNext(judged: Judged, gateway: Gateway, { requestId }: CallExchange): Promise<void> {
    const { request, response } = judged;
    let isJudged = false;
    const arrived = countChunks(request);
    const over = currentGateway()?.fronted.add(requestId, {
      begun: (exchange) => void this.#serving.set(request.socket, exchange),
      read: () => {
        try {
          refusePieces(arrived.bytes, arrived.chunks);
        } catch (error) {
          // The next bytes would be as expensive to parse.
          stopParsing(request.socket);
          const exchange = this.#serving.get(request.socket);
          if (exchange !== undefined) gateway.bounds.charge(exchange, arrived.chunks / CHUNKS_PER_UNIT);
          throw error;
        }
      },
      answered: async (reply) => {
        isJudged = true;
        await this.#judge(gateway, request, reply);
        // An unread body would have to be read off the connection first.
        if (!request.complete && !response.headersSent) response.setHeader("connection", "close");
      },
    });
    try {
      await this.#passToNext(judged, requestId);
    } finally {
      over?.();
      if (!isJudged) gateway.metrics.answered(response.statusCode);
    }
  }

  /** What an answer says about its connection. Resolves when the answer may be sent; true: it was held back. */
  async #judge({ metrics }: Gateway, request: IncomingMessage, reply: Reply): Promise<boolean> {
    if (!request.complete) await parsed();
    metrics.answered(reply.status);
    if (!request.complete) this.cut(request.socket);
    // The data plane never sends this status without a valid key.
    else if (reply.status === SERVED) this.pace.served(request.socket);
    const isHeld = reply.isRepeated === true || (reply.status >= REFUSED && this.#isCutAgain(request));
    if (isHeld) await this.#hold(request);
    return isHeld;
  }

  /** Refuses a request whose body is not read. */
  async #refuse({ request, response }: Incoming, refused: EarlyRefusal): Promise<void> {
    if (this.#isCutAgain(request)) await this.#hold(request);
    refuseEarly(response, refused);
  }

  /** Whether its answer ends one more connection of an address of which so many are cut. */
  #isCutAgain({ complete, socket }: IncomingMessage): boolean {
    return !complete && this.pace.isPaced(socket.remoteAddress ?? "");
  }

  /** Holds an answer back. Meanwhile nothing more of this connection is parsed, nor ever if the answer ends it. */
  async #hold(request: IncomingMessage): Promise<void> {
    const { socket } = request;
    if (this.#door.isDraining()) return;
    stopParsing(socket);
    await this.#held.hold(socket);
    if (request.complete) parseAgain(socket);
  }

  #left({ bounds }: Gateway, exchange: CallExchange, response: ServerResponse, began: number): void {
    bounds.leave(exchange);
    const { method } = exchange;
    // A call that was sent a second time has a second id.
    const [requestId] = [response.getHeader("x-request-id") ?? exchange.requestId].flat();
    const ms = Math.round(performance.now() - began);
    // The path's text is not logged: it comes from the caller and may contain secrets.
    const status = exchange.signal.aborted ? CLIENT_GONE : response.statusCode;
    this.#door.log.info({ requestId, method, status, ms }, "call");
  }

  #exchangeOf({ request, response, path, query }: Judged): CallExchange {
    const signal = new Stopper<"gone" | "stalled">();
    response.once("close", () => response.writableFinished || signal.abort("gone"));
    return {
      requestId: newRequestId(systemClock.now()),
      method: request.method === "HEAD" ? "GET" : (request.method ?? "GET"),
      path,
      query,
      header: (name) => joined(request.headers[name]),
      headers: () => namedIn(request.headers),
      body: fromReadable(request),
      clientAddress: this.#addressOf(request),
      signal,
      request,
    };
  }

  #passToNext(judged: Judged, requestId = ""): Promise<void> {
    const { next, isDev } = this.#options;
    return passToNext({ ...this.#forNext(judged), requestId }, { door: this.#door, next, isDev });
  }

  #forNext({ request, response, path }: Judged) {
    return { request, response, path, address: this.#addressOf(request) };
  }

  async #passOut({ request, response }: Judged, passOn: PassOn): Promise<void> {
    try {
      await passOn(request, response, this.#addressOf(request));
    } catch (error) {
      if (!(error instanceof NobodyThere)) throw error;
      if (!response.destroyed) refuseEarly(response, CONSOLE_AWAY);
    }
  }

  async #sendReadiness(response: ServerResponse): Promise<void> {
    const { isReady, lacks } = await this.#door.ready();
    const lines = [isReady ? "ready" : "not ready", ...lacks.map((one) => `degraded: ${one}`)];
    sendText(response, isReady ? 200 : 503, lines.join("\n"));
  }

  #addressOf(request: IncomingMessage): string {
    if (this.isInner) return joined(request.headers[PEER_HEADER]) ?? NO_ADDRESS;
    const forwarded = request.headers["x-forwarded-for"];
    return clientAddress({
      peer: request.socket.remoteAddress,
      forwardedFor: Array.isArray(forwarded) ? forwarded.join(",") : forwarded,
      trust: this.#trust,
    });
  }
}

/**
 * Resolves when all bytes read from a connection are parsed. A refusal can be ready before the end of a body that has
 * already arrived. Taking that body for an incomplete one would end the connection and count against its client.
 */
function parsed(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A request target with the API's path in its normal form, for any base URL of the client. */
function inOneForm(target: string): string {
  const path = pathOf(target);
  const plain = apiPath(path);
  return plain === null ? target : `${plain}${target.slice(path.length)}`;
}

function* namedIn(headers: IncomingHttpHeaders): Generator<readonly [name: string, value: string]> {
  for (const name in headers) yield [name, joined(headers[name]) ?? ""] as const;
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}
