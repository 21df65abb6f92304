import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Requests of one connection that may wait for earlier answers. With more, none of the waiting ones is served. */
export const PIPELINED_MAX = 32;

/**
 * Serves the requests of one connection one after the other. Node emits a pipelined request as soon as it is parsed,
 * while the one before is still being answered. If that answer closes the connection, the later ones would run for no
 * reader. Here a request starts after the answer before it is sent, and never if that answer ends the connection: the
 * client sees the close and may repeat it. Waiting requests are bounded: each takes memory for a hundred bytes sent.
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
    // Node ends the socket when the closing answer finishes, before it emits that the answer is closed.
    const serveIfAnswerable = () => void (socket.writable && serve());
    if (before.destroyed) return serveIfAnswerable();
    if (line.waiting >= PIPELINED_MAX) {
      // Those that were parsed together with it also arrive here.
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
