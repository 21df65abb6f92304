import http from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { dropRest, Portions } from "./portions";
import { answered, CRUMBS, crumbs, listening, type Serve, TURN_CHUNKS_MAX } from "./portions.suite";

/** Serves by counting chunks, and notes the maximum in one turn of the event loop over all requests. */
function countsChunks() {
  const seen = { most: 0, all: 0 };
  let turn = 0;
  const serve: Serve = (request, response) => {
    let chunks = 0;
    request.on("data", () => {
      if (turn === 0) setImmediate(() => (turn = 0));
      turn += 1;
      chunks += 1;
      seen.all += 1;
      seen.most = Math.max(seen.most, turn);
    });
    request.on("end", () => response.end(`chunks ${chunks}`));
  };
  return { seen, serve };
}

const isAnswered = (text: string) => /chunks \d+/.test(text);

test("ten connections of one-byte chunks: a turn of the loop parses a bounded number, and all of each arrive", async () => {
  const { seen, serve } = countsChunks();
  const port = await listening(serve);
  const texts = await Promise.all(Array.from({ length: 10 }, () => answered(port, crumbs(CRUMBS), isAnswered)));
  expect(texts.map((text) => /chunks (\d+)/.exec(text)?.[1])).toEqual(Array(10).fill(String(CRUMBS)));
  expect(seen.most).toBeLessThan(TURN_CHUNKS_MAX);
});

test("what is refused is not parsed to the end of what was read with it", async () => {
  const seen = { chunks: 0 };
  const port = await listening((request, response) => {
    request.on("data", () => {
      seen.chunks += 1;
      if (seen.chunks !== 10) return;
      response.writeHead(400, { connection: "close", "content-length": "7" }).end("refused");
    });
  });
  expect(await answered(port, crumbs(CRUMBS), () => false)).toMatch(/^HTTP\/1.1 400/);
  expect(seen.chunks).toBeLessThan(TURN_CHUNKS_MAX);
});

test("the rest of a connection that is answered is counted, and not parsed", async () => {
  const seen = { chunks: 0, bytes: 0 };
  const port = await listening((request, response) => {
    request.on("data", () => {
      seen.chunks += 1;
      if (seen.chunks !== 10) return;
      dropRest(request.socket, (bytes) => {
        seen.bytes += bytes;
        if (seen.bytes > 100_000 && !response.headersSent)
          response.writeHead(400, { connection: "close" }).end("refused");
      });
    });
  });
  expect(await answered(port, crumbs(CRUMBS), () => false)).toMatch(/^HTTP\/1.1 400/);
  expect(seen.bytes).toBeGreaterThan(100_000);
  expect(seen.chunks).toBeLessThan(TURN_CHUNKS_MAX);
});

test("hundreds of pipelined requests are answered in order, also when their reader is slow", async () => {
  const port = await listening((request, response) => void response.end(`${request.url} ${"x".repeat(2000)}`));
  const count = 900;
  const sent = Array.from({ length: count }, (_, nth) => `GET /n${nth} HTTP/1.1\r\nHost: a\r\n\r\n`).join("");
  const text = await answered(port, sent, (all) => all.includes(`/n${count - 1} `) && all.endsWith("x"));
  const order = [...text.matchAll(/\/n(\d+) x/g)].map(([, nth]) => Number(nth));
  expect(order).toEqual(Array.from({ length: count }, (_, nth) => nth));
});

test("a body of many lines whose length is known comes whole", async () => {
  const body = "[\r\n1,\r\n".repeat(50_000);
  const port = await listening((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += chunk)).on("end", () => response.end(`chunks ${Number(text === body)}`));
  });
  const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`;
  expect(await answered(port, head + body, isAnswered)).toContain("chunks 1");
});

test("a body whose reader pauses goes on when it is wanted again", async () => {
  const port = await listening((request, response) => {
    let bytes = 0;
    request.on("data", (chunk) => {
      bytes += chunk.length;
      if (bytes % 1000 === 0) setImmediate(() => request.resume()) && request.pause();
    });
    request.on("end", () => response.end(`chunks ${bytes}`));
  });
  expect(await answered(port, crumbs(CRUMBS), isAnswered)).toContain(`chunks ${CRUMBS}`);
});

test("an upgraded connection belongs to who took it, with what was sent behind", async () => {
  const server = http.createServer();
  const portions = new Portions();
  server.on("connection", (socket) => portions.take(socket));
  const rest = `${"\r\n".repeat(20_000)}end`;
  server.on("upgrade", (_request, socket, head) => {
    let text = head.toString("latin1");
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    const look = () => void (text === rest && socket.end("chunks 1"));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      look();
    });
    look();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  const head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
  expect(await answered(address.port, head + rest, isAnswered)).toContain("chunks 1");
});
