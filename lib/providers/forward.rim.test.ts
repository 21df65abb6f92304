import http from "node:http";
import net from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeForward, textOf } from "./forward";

const forwarding = makeForward();
let answers: http.Server;
let hangs: net.Server;
/** what the hanging server received */
let received = "";

beforeAll(async () => {
  answers = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      response.statusCode = 400;
      response.end(`${request.headers["content-length"]} ${request.headers["transfer-encoding"]} ${body}`);
    });
  });
  hangs = net.createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      received += chunk;
    });
  });
  await Promise.all([listening(answers), listening(hangs)]);
});
afterAll(async () => {
  await forwarding.close();
  answers.close();
  hangs.close();
});

test("a call is sent in one piece with its length, and said to be sent before its answer", async () => {
  const { sending, sent } = tried(portOf(answers));
  expect([await textOf(await sending), sent()]).toEqual(['14 undefined {"model":"ü"}', 1]);
});

test("a provider that nobody can reach was sent nothing", async () => {
  const closed = net.createServer();
  await listening(closed);
  const port = portOf(closed);
  await new Promise((resolve) => closed.close(resolve));
  const { sending, sent } = tried(port);
  await expect(sending).rejects.toMatchObject({ code: "upstream_error" });
  expect(sent()).toBe(0);
});

test("a call that is over before it is sent was not sent", async () => {
  const { sending, sent } = tried(portOf(answers), AbortSignal.abort("gone"));
  await expect(sending).rejects.toMatchObject({ code: "upstream_error" });
  expect(sent()).toBe(0);
});

test("a call that nobody answers was sent", async () => {
  const { sending, sent } = tried(portOf(hangs));
  await expect(sending).rejects.toMatchObject({ code: "upstream_timeout" });
  expect([sent(), received.includes('{"model":"ü"}')]).toEqual([1, true]);
});

const HEADERS_MS = 300;

function tried(port: number, signal: AbortSignal = new AbortController().signal) {
  let times = 0;
  const sending = forwarding.forward({
    target: { baseUrl: `http://127.0.0.1:${port}`, headers: {}, allowLocal: true },
    path: "/chat",
    body: Buffer.from('{"model":"ü"}'),
    requestId: "req_1",
    headersMs: HEADERS_MS,
    signal,
    onSent: () => {
      times += 1;
    },
  });
  return { sending, sent: () => times };
}

function listening(server: net.Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}

function portOf(server: net.Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens nowhere");
  return address.port;
}
