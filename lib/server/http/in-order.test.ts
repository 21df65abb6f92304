import http from "node:http";
import net from "node:net";
import { expect, test } from "vitest";
import { makeOrder } from "./in-order";

/** How many pipelined requests of one connection are served if the first is never answered. */
async function servedOf(count: number): Promise<{ served: number; isClosed: boolean }> {
  const inOrder = makeOrder();
  let served = 0;
  let seen = 0;
  return new Promise((resolve) => {
    const server = http.createServer((request, response) => {
      seen += 1;
      inOrder(request, response, () => (served += 1));
      // All of them are parsed at once, so the following lines show the effect on the connection.
      if (seen === count)
        setImmediate(() => {
          resolve({ served, isClosed: request.socket.destroyed });
          server.closeAllConnections();
          server.close();
        });
    });
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (typeof address !== "object" || address === null) return;
      const socket = net.connect({ port: address.port, host: "127.0.0.1" });
      socket.on("error", () => undefined);
      socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(count));
    });
  });
}

test("a connection may send 32 requests ahead, and is closed when it sends more", async () => {
  expect(await servedOf(33)).toEqual({ served: 1, isClosed: false });
  expect(await servedOf(200)).toEqual({ served: 1, isClosed: true });
});
