import http from "node:http";
import net from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { Pace } from "./pace";
import { readInTurn } from "./read-in-turn";

const ADDRESS = "192.0.2.1";

/** A pace with its own clock, and an address whose connections were cut this often. */
function after(cuts: number) {
  const time = { ms: 0 };
  const pace = new Pace(() => time.ms);
  for (let cut = 0; cut < cuts; cut++) pace.cut(ADDRESS);
  return { time, pace };
}

test.each([
  [0, 0, 0],
  [50, 0, 0],
  [51, 0, 100],
  [60, 0, 1000],
  [60, 500, 500],
  [60, 1000, 0],
  [10_000, 0, 5000],
  [10_000, 5000, 0],
])("after %i cuts and %i ms the next connection waits %i ms", (cuts, passedMs, waitMs) => {
  const { time, pace } = after(cuts);
  time.ms += passedMs;
  expect(pace.waitMs(ADDRESS)).toBe(waitMs);
  expect(pace.waitMs("192.0.2.2")).toBe(0);
});

test("while a good key is served on one connection of an address, and a minute longer, its next ones wait 40 ms at most", async () => {
  const { time, pace } = after(10_000);
  const socket = new net.Socket();
  Object.defineProperty(socket, "remoteAddress", { value: ADDRESS });
  pace.served(socket);
  pace.served(socket);
  expect(pace.waitMs(ADDRESS)).toBe(40);
  socket.destroy();
  await new Promise((resolve) => socket.once("close", resolve));
  expect(pace.waitMs(ADDRESS)).toBe(40);
  time.ms += 60_000;
  for (let cut = 0; cut < 100; cut++) pace.cut(ADDRESS);
  expect(pace.waitMs(ADDRESS)).toBe(5000);
});

test.each([
  ["alone", (server: http.Server, pace: Pace) => void server.on("connection", (socket) => pace.take(socket))],
  ["as the server reads", readInTurn],
])("%s, a connection that waits is not read before its turn; one that was open is", async (_how, read) => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const pace = new Pace(() => 0);
  let served = 0;
  const server = http.createServer((_request, response) => {
    served += 1;
    response.end("ok");
  });
  read(server, pace);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("a server that listens has an address");
  const connect = () => net.connect({ port: address.port, host: "127.0.0.1" });
  const answered = (socket: net.Socket) => {
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return new Promise<string>((resolve) => socket.once("data", (chunk) => resolve(chunk.toString("latin1"))));
  };
  const open = connect();
  expect(await answered(open)).toContain("200 OK");
  for (let cut = 0; cut < 55; cut++) pace.cut("127.0.0.1");
  const late = connect();
  const lateAnswer = answered(late);
  // A later request on the open connection is served, so the earlier connection was not cut.
  for (let call = 0; call < 20; call++) expect(await answered(open)).toContain("200 OK");
  expect(served).toBe(21);
  vi.advanceTimersByTime(500);
  expect(await lateAnswer).toContain("200 OK");
  expect(served).toBe(22);
  for (const socket of [open, late]) socket.destroy();
  server.close();
});

test("a connection of a paced address is on probation until a good key is served on it", () => {
  const { time, pace } = after(51);
  expect([pace.isPaced(ADDRESS), pace.isPaced("192.0.2.2")]).toEqual([true, false]);
  const { socket } = paused();
  pace.take(socket);
  expect(pace.isOnProbation(socket)).toBe(true);
  pace.served(socket);
  expect(pace.isOnProbation(socket)).toBe(false);
  time.ms += 100;
  const { socket: later } = paused();
  pace.take(later);
  expect([pace.isPaced(ADDRESS), pace.isOnProbation(later)]).toEqual([false, false]);
  for (const one of [socket, later]) one.destroy();
});

test("a client that opens hundreds of connections while it waits gets none beyond its share", () => {
  const { pace } = after(60);
  const sockets = Array.from({ length: 201 }, () => paused());
  for (const { socket } of sockets) pace.take(socket);
  expect(sockets.filter(({ socket }) => socket.destroyed)).toHaveLength(1);
  expect(sockets.every(({ socket }) => socket.destroyed || socket.isPaused())).toBe(true);
  for (const { socket } of sockets) socket.destroy();
});

function paused(): { socket: net.Socket } {
  const socket = new net.Socket();
  Object.defineProperty(socket, "remoteAddress", { value: ADDRESS });
  return { socket };
}
