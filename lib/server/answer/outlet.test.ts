import http from "node:http";
import net from "node:net";
import { expect, test } from "vitest";
import { Outlet } from "./outlet";

/** A server with one answer. Its client reads nothing until the test releases it. */
async function stuckReader(serve: (response: http.ServerResponse) => void) {
  const server = http.createServer((_request, response) => serve(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  const socket = net.connect({ port: address.port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  socket.once("close", () => server.close());
  return socket;
}

test("a slow reader's thousand chunks add no listeners", async () => {
  const chunk = new Uint8Array(256 * 1024);
  let waits = 0;
  const listeners = new Set<number>();
  const done = new Promise<void>((resolve, reject) => {
    void stuckReader((response) => {
      const outlet = new Outlet(response, () => reject(new Error("stalled")));
      const send = async () => {
        for (let nth = 0; nth < 200; nth++) {
          const written = outlet.write(chunk);
          if (response.writableNeedDrain) waits += 1;
          listeners.add(response.listenerCount("close") + response.listenerCount("drain"));
          await written;
        }
        response.end();
        response.socket?.destroySoon();
        resolve();
      };
      send().catch(reject);
    }).then((socket) => socket.resume());
  });
  await done;
  expect(waits).toBeGreaterThan(20);
  expect(listeners.size).toBe(1);
});

test("a reader that takes nothing is cut off, and the writer goes on at once", async () => {
  const stalled = await new Promise<boolean>((resolve, reject) => {
    void stuckReader((response) => {
      let wasCut = false;
      const outlet = new Outlet(response, () => (wasCut = true), 50);
      const send = async () => {
        for (let nth = 0; nth < 1000 && !response.destroyed; nth++) await outlet.write(new Uint8Array(256 * 1024));
        resolve(wasCut && response.destroyed);
      };
      send().catch(reject);
    }).then((socket) => socket.pause());
  });
  expect(stalled).toBe(true);
});
