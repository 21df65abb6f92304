import type http from "node:http";
import net from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Portions, parseAgain, stopParsing } from "./portions";
import { answered, CRUMBS, crumbs, listening, type Serve, TURN_CHUNKS_MAX } from "./portions.suite";

const isAnswered = (text: string) => /chunks \d+/.test(text);
const call = (nth: number) => `POST /n${nth} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}`;
const calls = (count: number) => Array.from({ length: count }, (_, nth) => call(nth)).join("");
const onProbation = () => new Portions({ isOnProbation: () => true });
const turnOfLoop = () => new Promise<void>((resolve) => setImmediate(resolve));

test("of pipelined calls on probation the second is parsed only when the first is answered", async () => {
  const seen: string[] = [];
  const first: http.ServerResponse[] = [];
  const serve: Serve = (request, response) => {
    seen.push(request.url ?? "");
    if (seen.length > 1) response.end(`${request.url} done`);
    else first.push(response);
  };
  const port = await listening(serve, onProbation());
  const text = answered(port, calls(200), (all) => all.includes("/n199 done"));
  while (first.length === 0) await turnOfLoop();
  for (let turn = 0; turn < 100; turn++) await turnOfLoop();
  expect(seen).toEqual(["/n0"]);
  first[0]?.end("/n0 done");
  const order = [...(await text).matchAll(/\/n(\d+) done/g)].map(([, nth]) => Number(nth));
  expect(order).toEqual(Array.from({ length: 200 }, (_, nth) => nth));
});

test.each([
  [
    "one large body",
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(1_000_000)}`,
    1_000_000,
  ],
  [
    "a body with blank lines",
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 80000\r\n\r\n${"\r\n".repeat(40_000)}`,
    80_000,
  ],
  ["one-byte chunks", crumbs(CRUMBS), CRUMBS],
])("on probation %s arrives whole", async (_name, sent, size) => {
  const serve: Serve = (request, response) => {
    let bytes = 0;
    request.on("data", (chunk) => (bytes += chunk.length)).on("end", () => response.end(`chunks ${bytes}`));
  };
  const port = await listening(serve, onProbation());
  expect(await answered(port, sent, isAnswered)).toContain(`chunks ${size}`);
});

test("nothing more of a stopped connection is parsed until it may continue, even if its socket is resumed", async () => {
  const seen = { chunks: 0 };
  const sockets: http.IncomingMessage["socket"][] = [];
  const serve: Serve = (request, response) => {
    request.on("data", () => {
      seen.chunks += 1;
      if (seen.chunks !== 10) return;
      stopParsing(request.socket);
      sockets.push(request.socket);
    });
    request.on("end", () => response.end(`chunks ${seen.chunks}`));
  };
  const port = await listening(serve);
  const text = answered(port, crumbs(CRUMBS), isAnswered);
  while (sockets.length === 0) await turnOfLoop();
  await turnOfLoop();
  const { chunks } = seen;
  for (let turn = 0; turn < 20; turn++) {
    sockets[0]?.resume();
    await turnOfLoop();
  }
  expect(seen.chunks).toBe(chunks);
  expect(chunks).toBeLessThan(TURN_CHUNKS_MAX);
  for (const socket of sockets) parseAgain(socket);
  expect(await text).toContain(`chunks ${CRUMBS}`);
});

test("no usual first read waits behind dense ones, also on probation", () => {
  let ms = 0;
  const parsed: string[] = [];
  const portions = new Portions({ isOnProbation: () => true, now: () => ms });
  const connection = (name: string) => {
    const socket = new net.Socket();
    onTestFinished(() => void socket.destroy());
    socket.on("data", () => {
      parsed.push(name);
      // One portion uses up the turn.
      ms += 10;
    });
    portions.take(socket);
    return socket;
  };
  const read = (name: string, text: string) => connection(name).emit("data", Buffer.from(text));
  for (const name of ["dense", "dense behind it"]) read(name, crumbs(CRUMBS));
  read("usual", call(0));
  expect(parsed).toEqual(["dense", "usual"]);
});

test("pipelined calls that take long are parsed for 3 ms per turn of the loop, over all connections", async () => {
  let ms = 0;
  let turn = 0;
  let most = 0;
  const serve: Serve = (_request, response) => {
    if (turn === 0) setImmediate(() => (turn = 0));
    ms += 1;
    turn += 1;
    most = Math.max(most, turn);
    response.end("done");
  };
  const port = await listening(serve, new Portions({ now: () => ms }));
  const count = 400;
  const isEnough = (all: string) => all.split("done").length > count;
  await Promise.all(Array.from({ length: 5 }, () => answered(port, calls(count), isEnough)));
  expect(ms).toBe(5 * count);
  // Without this bound a turn parses seventeen portions of 58 calls.
  expect(most).toBeLessThan(300);
});
