import fs from "node:fs";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { makePassOn, NobodyThere, PEER_HEADER } from "./pass-on";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-pass-"));
const closing: (() => void)[] = [];
afterAll(() => {
  for (const close of closing) close();
  fs.rmSync(folder, { recursive: true, force: true });
});

let serial = 0;
const freshPath = () => path.join(folder, `${serial++}.sock`);

function serve(
  at: string,
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<http.Server> {
  const server = http.createServer(listener);
  closing.push(
    () => server.closeAllConnections(),
    () => void server.close(),
  );
  return new Promise((resolve) => server.listen(at, () => resolve(server)));
}

/** A server on its own port that passes everything on to `at`. */
async function front(at: string, before: (response: ServerResponse) => void = () => undefined): Promise<string> {
  const { passOn, close } = makePassOn(at);
  const server = http.createServer((request, response) => {
    before(response);
    passOn(request, response, "192.0.2.7").catch((error: unknown) => {
      response.writeHead(error instanceof NobodyThere ? 503 : 500).end();
    });
  });
  closing.push(
    close,
    () => server.closeAllConnections(),
    () => void server.close(),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

test("a request arrives as it was sent, but for its connection's own headers, with the client's address", async () => {
  const at = freshPath();
  let seen: IncomingMessage | null = null;
  let body = "";
  await serve(at, async (request, response) => {
    seen = request;
    for await (const chunk of request) body += String(chunk);
    response.end("ok");
  });
  const headers = { "x-forwarded-for": "1.1.1.1", [PEER_HEADER]: "2.2.2.2", "x-own": "kept", cookie: "a=1; b=2" };
  const answer = await fetch(`${await front(at)}/some/path?and=query`, { method: "PUT", headers, body: "text" });
  expect([answer.status, await answer.text(), body]).toEqual([200, "ok", "text"]);
  expect(seen).toMatchObject({
    method: "PUT",
    url: "/some/path?and=query",
    headers: { "x-own": "kept", cookie: "a=1; b=2", [PEER_HEADER]: "192.0.2.7", "content-length": "4" },
  });
  expect(seen).not.toHaveProperty(["headers", "x-forwarded-for"]);
});

test("every line of the answer's headers passes, also where we have set one ourselves", async () => {
  const at = freshPath();
  await serve(at, (_request, response) => {
    response.writeHead(201, ["Set-Cookie", "a=1", "Set-Cookie", "b=2", "X-One", "1"]).end();
  });
  for (const before of [
    () => undefined,
    (response: ServerResponse) => void response.setHeader("connection", "close"),
  ]) {
    const answer = await fetch(await front(at, before));
    expect(answer.status).toBe(201);
    expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(answer.headers.get("x-one")).toBe("1");
  }
});

test("a stream passes chunk by chunk, and a client that leaves ends it at its source", async () => {
  const at = freshPath();
  let more: () => void = () => undefined;
  const left = new Promise<void>((resolve) => {
    void serve(at, (_request, response) => {
      response.once("close", resolve);
      response.writeHead(200, { "content-type": "text/event-stream" });
      more = () => response.write("data: 2\n\n");
      response.write("data: 1\n\n");
    });
  });
  const end = new AbortController();
  const reader = (await fetch(await front(at), { signal: end.signal })).body?.getReader();
  const next = async () => new TextDecoder().decode((await reader?.read())?.value);
  expect(await next()).toBe("data: 1\n\n");
  more();
  expect(await next()).toBe("data: 2\n\n");
  end.abort();
  await left;
});

test("an answer that breaks off breaks off for the client, and does not pass for a whole one", async () => {
  const at = freshPath();
  await serve(at, (_request, response) => {
    response.writeHead(200).write("half");
    setImmediate(() => response.destroy());
  });
  const answer = await fetch(await front(at));
  await expect(answer.text()).rejects.toThrow();
});

test("a request that comes before the other end is there waits for it", async () => {
  const at = freshPath();
  const waiting = fetch(await front(at));
  await serve(at, (_request, response) => void response.end("here now"));
  expect(await (await waiting).text()).toBe("here now");
});

test("after the other end has been replaced, requests come to the new one", async () => {
  const at = freshPath();
  const first = await serve(at, (_request, response) => void response.end("first"));
  const url = await front(at);
  expect(await (await fetch(url)).text()).toBe("first");
  const closed = new Promise((resolve) => first.close(resolve));
  first.closeAllConnections();
  await closed;
  await serve(at, (_request, response) => void response.end("second"));
  expect(await (await fetch(url)).text()).toBe("second");
});
