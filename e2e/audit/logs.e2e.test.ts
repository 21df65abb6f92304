import { once } from "node:events";
import net from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { until } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let port: number;
beforeAll(async () => {
  spillway = await Spillway.run({ LOG_LEVEL: "info" });
  port = Number(new URL(spillway.baseUrl).port);
});
afterAll(() => spillway.stop());

const line = z.looseObject({ level: z.number(), status: z.number().optional() });
const ERROR_LEVEL = 50;

function logged(): z.infer<typeof line>[] {
  // The last one may be on its way.
  const lines = spillway.process.output().split("\n").slice(0, -1);
  return lines.filter((text) => text.startsWith("{")).map((text) => line.parse(JSON.parse(text)));
}

/** Sends the beginning of a request and leaves, with a FIN or with a reset. */
async function leave(head: string, how: "end" | "reset"): Promise<void> {
  const socket = net.connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  await new Promise<void>((resolve) => socket.write(head, () => resolve()));
  const closed = once(socket, "close");
  if (how === "reset") socket.resetAndDestroy();
  else socket.destroy();
  await closed;
}

test("callers that leave in the middle of their body are 499 in the access log, and no errors of ours", async () => {
  const { operatorToken, keys } = spillway.demo;
  const half = (path: string, token: string) =>
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{"model":`;
  for (const how of ["end", "reset"] as const) {
    await leave(half("/v1/chat/completions", keys.enterprise), how);
    await leave(half("/v1/messages", keys.enterprise), how);
    await leave(half("/api/admin/brakes", operatorToken), how);
    await leave(half("/api/auth/sign-in/email", operatorToken), how);
  }
  await until("four lines with 499", () => logged().filter(({ status }) => status === 499).length >= 4);
  // What came before these is written by now as well: a line of a request stands before its answer.
  await spillway.admin("GET", "audit");
  expect(logged().filter(({ level }) => level >= ERROR_LEVEL)).toEqual([]);
  expect(spillway.process.output()).not.toMatch(/aborted|ECONNRESET/);
});
