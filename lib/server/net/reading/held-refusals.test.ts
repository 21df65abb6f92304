import type http from "node:http";
import net from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readEnv } from "@/lib/env";
import { makeLog } from "@/lib/log";
import type { Door } from "../../door";
import { makeServer } from "../../http/server";

/** A process that serves no calls: what is refused before a key is known is refused alike everywhere. */
const door: Door = {
  env: readEnv({}),
  log: makeLog("silent"),
  gateway: null,
  doorSecret: "",
  metricsToken: "",
  metrics: async () => ({ type: "text/plain", body: "" }),
  attempts: { blockedMs: () => 1000, count: async () => 0 },
  brakes: null,
  emergency: null,
  isDraining: () => false,
  ready: async () => ({ isReady: true, lacks: [] }),
};
let server: http.Server;
let port = 0;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  server = makeServer(door, async (_request, response) => void response.end("page"), { isDev: false });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("a server that listens has an address");
  port = address.port;
});
afterEach(() => {
  vi.useRealTimers();
  server.close().closeAllConnections();
});

const HALF = "POST /api/auth/sign-in/email HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf";

/** All that a connection gets until it is closed. */
function sent(text: string): { readonly all: Promise<string>; readonly seen: { text: string } } {
  const seen = { text: "" };
  const socket = net.connect(port, "127.0.0.1", () => socket.write(text));
  socket.on("error", () => undefined).on("data", (chunk) => (seen.text += chunk.toString("latin1")));
  return { seen, all: new Promise((resolve) => socket.on("close", () => resolve(seen.text))) };
}

const turnsOfLoop = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};

test("refusals that end connections are sent at once, then held for a second; other answers never are", async () => {
  for (let nth = 0; nth < 50; nth++) expect(await sent(HALF).all).toMatch(/^HTTP\/1.1 429/);
  const held = sent(HALF);
  await turnsOfLoop(200);
  expect(held.seen.text).toBe("");
  // The address is paced now: its next connection is read a tenth of a second later.
  const page = sent("GET /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  await turnsOfLoop(200);
  vi.advanceTimersByTime(100);
  expect(await page.all).toContain("page");
  expect(held.seen.text).toBe("");
  vi.advanceTimersByTime(900);
  expect(await held.all).toMatch(/^HTTP\/1.1 429/);
});
