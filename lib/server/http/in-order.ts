import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Requests of one connection that wait for the answers before them; who sends more ahead gets none of them. */
const PIPELINED_MAX = 32;

/**
 * Serves the requests of one connection one after the other. Node emits a pipelined request as soon as it is parsed, while
 * the one before is still being answered; when that answer closes the connection, the later ones would have run for
 * nobody. Here such a request starts once the answer before it is out, and never if the connection ends with that answer:
 * its client sees the close and may send it again. Each request that waits takes memory, and a hundred bytes are one.
 */
export function makeOrder(
  onCut: (socket: Socket) => void = () => undefined,
): (request: IncomingMessage, response: ServerResponse, serve: () => void) => void {
  const lines = new WeakMap<Socket, { last: ServerResponse; waiting: number }>();
  return ({ socket }, response, serve) => {
    const line = lines.get(socket);
    if (line === undefined) {
      lines.set(socket, { last: response, waiting: 0 });
      return serve();
    }
    const before = line.last;
    line.last = response;
    // Node ends the socket as the closing answer finishes, before anybody hears that the answer is closed.
    const serveIfAnswerable = () => void (socket.writable && serve());
    if (before.destroyed) return serveIfAnswerable();
    if (line.waiting >= PIPELINED_MAX) {
      // Those that were parsed with it come here as well.
      if (!socket.destroyed) onCut(socket);
      return void socket.destroy();
    }
    line.waiting += 1;
    before.once("close", () => {
      line.waiting -= 1;
      serveIfAnswerable();
    });
  };
}
