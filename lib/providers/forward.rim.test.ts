import dns from "node:dns";
import http from "node:http";
import net from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
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

describe("a public provider leads to no address inside, whatever its name resolves to when it is called", () => {
  /** A name server whose answers change, as one that an attacker owns would. */
  function resolving(...addresses: readonly string[]): void {
    const found = addresses.map((address) => ({ address, family: net.isIP(address) }));
    const lookup = vi.spyOn(dns, "lookup");
    lookup.mockImplementation((...given: readonly unknown[]) => {
      const done = given.at(-1);
      if (typeof done === "function") done(null, found);
    });
    onTestFinished(() => lookup.mockRestore());
  }
  const call = (allowLocal: boolean, host = "rebind.test") => {
    const target = { baseUrl: `http://${host}:${portOf(counts)}/v1`, headers: {}, allowLocal };
    const { signal } = new AbortController();
    const asked = { target, path: "/x", body: Buffer.from("{}"), requestId: "r", headersMs: 1000, signal };
    return forwarding.forward({ ...asked, onSent: () => undefined });
  };
  let counts: net.Server;
  let connections = 0;
  beforeAll(async () => {
    counts = net.createServer((socket) => {
      connections += 1;
      socket.on("error", () => undefined);
      socket.end("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    });
    await listening(counts);
  });
  afterAll(() => void counts.close());

  test.each([
    ["127.0.0.1"],
    ["0.0.0.0"],
    ["10.1.2.3"],
    ["169.254.169.254"],
    ["100.64.0.1"],
    ["::1"],
    ["::"],
    ["::ffff:127.0.0.1"],
    ["fe80::1"],
    ["fd00::1"],
    ["64:ff9b::7f00:1"],
    ["2002:7f00:1::"],
    ["2001:0:7f00:1::"],
    ["93.184.216.34", "127.0.0.1"],
  ])("%s", async (...addresses) => {
    resolving(...addresses);
    await expect(call(false)).rejects.toMatchObject({ code: "upstream_error" });
    expect(connections).toBe(0);
  });

  test.each(["127.0.0.1", "2130706433", "0x7f.1", "017700000001", "0", "[::1]", "[::ffff:7f00:1]"])(
    "the address itself, as %s",
    async (host) => {
      await expect(call(false, host)).rejects.toMatchObject({ code: "upstream_error" });
      expect(connections).toBe(0);
    },
  );

  test("a local provider may be there, and a redirect is not followed", async () => {
    resolving("127.0.0.1");
    const answer = await call(true);
    answer.body.destroy();
    expect([answer.status, connections]).toEqual([302, 1]);
  });
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
