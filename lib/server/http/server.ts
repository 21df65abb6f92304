import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { Door } from "../door";
import { HEADER_LINES_MAX, METHODS } from "../net/guard";
import { readInTurn } from "../net/reading/read-in-turn";
import { continueWhenRead } from "./continue";
import { refuseTunnel } from "./early-answers";
import { makeOrder } from "./in-order";
import { type DoorOptions, RequestServer } from "./request-server";
import type { NextHandler } from "./to-next";

const HEADERS_MS = 10_000;
/** Longest time for the body of a call: 64 MiB at 2 Mbit/s. Before that the gateway checks its pace. */
const REQUEST_MS = 300_000;
const IDLE_MS = 5_000;
const HEADER_BYTES_MAX = 16 * 1024;
const CONNECTIONS_MAX = 10_000;
const REQUESTS_PER_SOCKET_MAX = 1000;
/** header lines that our own processes may add */
const PASSED_HEADERS = 4;

/**
 * The HTTP server in front of Next. It determines the true client address, refuses ambiguous requests, bounds every
 * wait, and passes data-plane calls directly to the gateway (or, with SPILLWAY_DOOR=next, to Next's route handlers).
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

/** The same for an existing server that has no request listener. */
export function standBefore(
  server: http.Server,
  door: Door,
  options: DoorOptions & { readonly next: NextHandler },
): void {
  const requests = new RequestServer(door, options);
  const { isInner } = requests;
  const inOrder = makeOrder((socket) => requests.cutAhead(socket));
  const serve = (request: IncomingMessage, response: ServerResponse) =>
    inOrder(request, response, () => {
      requests.serve({ request, response }).catch((error: unknown) => requests.fail(response, error));
    });
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  server.maxHeadersCount = HEADER_LINES_MAX + (isInner ? PASSED_HEADERS : 1);
  // Our own processes keep their connections open and close them themselves.
  server.keepAliveTimeout = isInner ? 0 : IDLE_MS;
  server.maxConnections = CONNECTIONS_MAX;
  server.maxRequestsPerSocket = isInner ? 0 : REQUESTS_PER_SOCKET_MAX;
  if (!isInner) readInTurn(server, requests.pace);
  server.on("request", serve);
  // The body is requested only after the key is checked.
  server.on("checkContinue", (request, response) => {
    continueWhenRead(request, response);
    serve(request, response);
  });
  server.on("upgrade", (_request, socket) => refuseTunnel(socket, "426 Upgrade Required"));
  server.on("connect", (_request, socket) => refuseTunnel(socket, "405 Method Not Allowed", METHODS));
}
