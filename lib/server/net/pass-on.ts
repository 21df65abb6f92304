import http, { type IncomingMessage, type ServerResponse } from "node:http";
import net from "node:net";
import { pipeline } from "node:stream";

/** The client's address, between our own processes. From other peers this header is dropped. */
export const PEER_HEADER = "x-spillway-peer";

/** Headers of one connection, not of the request (RFC 9110, 7.6.1), and statements about the client from unknown peers. */
const NOT_PASSED = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "x-forwarded-for",
  PEER_HEADER,
]);

/** How long a request waits for a console that is starting. */
const STARTING_MS = 15_000;
const LOOK_EVERY_MS = 50;
/** We close an idle connection after this time, before the other end does. */
const FREE_MS = 30_000;
const FREE_MAX = 64;

/** Why a request was not passed on. No part of it was answered. */
export class NobodyThere extends Error {
  override readonly name = "NobodyThere";
}

/**
 * Passes requests on to one of our HTTP servers at a Unix socket, and passes the answers back chunk by chunk. The
 * client's address travels in a header that no client can set. Fail mode: while no process listens there, a request
 * waits and then rejects with NobodyThere. If an answer breaks off, its client's connection ends.
 */
export function makePassOn(socketPath: string): {
  passOn(request: IncomingMessage, response: ServerResponse, address: string): Promise<void>;
  /** Whether a process listens there now. */
  isThere(): Promise<boolean>;
  close(): void;
} {
  const agent = new http.Agent({ keepAlive: true, maxFreeSockets: FREE_MAX, timeout: FREE_MS });
  let isThere = false;
  const passOn = async (request: IncomingMessage, response: ServerResponse, address: string): Promise<void> => {
    for (;;) {
      if (!isThere) await listening(socketPath, () => response.destroyed);
      isThere = true;
      const outcome = await passed({ request, response, address, socketPath, agent });
      if (outcome === "done") return;
      isThere = false;
      // A request that was partly sent may have had an effect, so it is not sent again.
      if (hasBody(request)) throw new NobodyThere("the console has just ended");
    }
  };
  return { passOn, isThere: () => answers(socketPath), close: () => agent.destroy() };
}

type Passing = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly address: string;
  readonly socketPath: string;
  readonly agent: http.Agent;
};

/** Resolves when the answer is over. "refused": no process listened, or it left before it answered. */
function passed({ request, response, address, socketPath, agent }: Passing): Promise<"done" | "refused"> {
  return new Promise((resolve) => {
    const headers = { ...passedHeaders(request), [PEER_HEADER]: address };
    const onward = http.request({
      socketPath,
      agent,
      headers,
      method: request.method ?? "GET",
      path: request.url ?? "/",
    });
    const left = () => onward.destroy();
    const over = (outcome: "done" | "refused") => {
      response.off("close", left);
      resolve(outcome);
    };
    response.once("close", left);
    onward.once("response", (answer) => {
      // Line by line: if a header is already set, writeHead keeps only the last of several lines with one name.
      for (const [name, value] of linesOf(answer)) response.appendHeader(name, value);
      response.writeHead(answer.statusCode ?? 502);
      // An event stream has headers long before its first event.
      response.flushHeaders();
      pipeline(answer, response, () => over("done"));
    });
    onward.once("error", () => {
      if (response.headersSent || response.destroyed) {
        response.destroy();
        over("done");
      } else over("refused");
    });
    if (!hasBody(request)) return void onward.end();
    // A body that breaks off must not look complete.
    request.once("aborted", left);
    request.pipe(onward);
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function passedHeaders({ headersDistinct }: IncomingMessage): Record<string, string | string[]> {
  const passed: Record<string, string | string[]> = {};
  for (const [name, values] of Object.entries(headersDistinct)) {
    if (values === undefined || NOT_PASSED.has(name)) continue;
    passed[name] = values.length === 1 ? (values[0] ?? "") : values;
  }
  return passed;
}

/** The answer's header lines as received, with their order and case. */
function linesOf({ rawHeaders }: IncomingMessage): [string, string][] {
  const lines = Array.from({ length: rawHeaders.length / 2 }, (_, index): [string, string] => [
    rawHeaders[2 * index] ?? "",
    rawHeaders[2 * index + 1] ?? "",
  ]);
  return lines.filter(([name]) => !NOT_PASSED.has(name.toLowerCase()));
}

async function listening(socketPath: string, hasLeft: () => boolean): Promise<void> {
  const deadline = performance.now() + STARTING_MS;
  while (!(await answers(socketPath))) {
    if (performance.now() > deadline || hasLeft()) throw new NobodyThere("the console does not answer");
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
