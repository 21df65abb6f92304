import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Serves the requests of one connection one after the other. Node emits a pipelined request as soon as it is parsed, while
 * the one before is still being answered; when that answer closes the connection, the later ones would have run for
 * nobody. Here such a request starts once the answer before it is out, and never if the connection ends with that answer:
 * its client sees the close and may send it again.
 */
export function makeOrder(): (request: IncomingMessage, response: ServerResponse, serve: () => void) => void {
  const last = new WeakMap<Socket, ServerResponse>();
  return ({ socket }, response, serve) => {
    const before = last.get(socket);
    last.set(socket, response);
    // Node ends the socket as the closing answer finishes, before anybody hears that the answer is closed.
    const serveIfAnswerable = () => void (socket.writable && serve());
    if (before === undefined) serve();
    else if (before.destroyed) serveIfAnswerable();
    else before.once("close", serveIfAnswerable);
  };
}
