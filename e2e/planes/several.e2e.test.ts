import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Fleet } from "../fixtures/fleet";
import { freePort, start, until } from "../fixtures/process";
import { raw, statusOf } from "../fixtures/raw";
import { Spillway } from "../fixtures/spillway";
import { killPart, partsOf } from "./parts";

let fleet: Fleet;
let spillway: Spillway;
beforeAll(async () => {
  fleet = await Fleet.run(1, { PLANES: "apart", CALL_PROCESSES: "2", LEASE_SECONDS: "1" });
  const [first] = fleet.processes;
  if (first === undefined) throw new Error("an installation");
  spillway = first;
});
afterAll(() => fleet.stop());

const BODY = JSON.stringify({ model: "sim-small", max_tokens: 16, messages: [{ role: "user", content: "hi" }] });

/** A call on a connection of its own, so that it may come to either process. */
async function call(key: string): Promise<number> {
  const lines = [
    "POST /v1/chat/completions HTTP/1.1",
    "Host: localhost",
    `Authorization: Bearer ${key}`,
    "Content-Type: application/json",
    "Connection: close",
    `Content-Length: ${Buffer.byteLength(BODY)}`,
  ];
  return statusOf(await raw(spillway.baseUrl, `${lines.join("\r\n")}\r\n\r\n${BODY}`));
}

const calls = (key: string, count: number) => Promise.all(Array.from({ length: count }, () => call(key)));

type Tier = { version: number; limits: { name: string; capacity: number; windowSeconds: number | null }[] };

async function setRequests(tier: string, capacity: number): Promise<void> {
  const current = await spillway.admin<Tier>("GET", `tiers/${tier}`);
  const limits = current.limits.map((limit) => {
    const slow = limit.windowSeconds === null ? {} : { refill: 1, windowSeconds: 31_000_000 };
    return { ...limit, ...slow, capacity: limit.name === "requests-per-minute" ? capacity : 1_000_000_000_000 };
  });
  await spillway.admin("PUT", `tiers/${tier}`, { ...current, limits });
}

async function figures(): Promise<string> {
  const headers = { authorization: `Bearer ${spillway.demo.operatorToken}` };
  return (await fetch(`${spillway.baseUrl}/api/metrics`, { headers })).text();
}

test("two processes on one port admit together exactly what one would, and their metrics are added up", async () => {
  expect([...partsOf(spillway).keys()].sort()).toEqual(["1", "2", "console"]);
  await setRequests("standard", 20);
  const statuses = await calls(spillway.demo.keys.standard, 60);
  expect(statuses.filter((status) => status === 200)).toHaveLength(20);
  expect(statuses.filter((status) => status === 429)).toHaveLength(40);
  // An answer is booked and counted when it is out.
  await until("every row", async () => (await spillway.ledger("standard")).rows.length === 20);
  await until("their figures", async () => {
    const text = await figures();
    const isAll = [/^spillway_answers_total\{status="200"\} 20$/m, /^spillway_answers_total\{status="429"\} 40$/m];
    return isAll.every((one) => one.test(text)) || Promise.reject(text);
  });
});

test("a brake and its end are in force on both for the next call", async () => {
  const key = spillway.demo.keys.enterprise;
  for (let round = 0; round < 3; round++) {
    const brake = { scope: { tenant: "enterprise" }, mode: "block", reason: "stopped on both", expiresInSeconds: 60 };
    const { id } = await spillway.admin<{ id: string }>("POST", "brakes", brake);
    expect(new Set(await calls(key, 6))).toEqual(new Set([503]));
    await spillway.admin("DELETE", `brakes/${id}`, { reason: "over" });
    expect(new Set(await calls(key, 6))).toEqual(new Set([200]));
  }
});

test("kill -9 of one of them: the other goes on, and it comes back; every call has one row", async () => {
  const key = spillway.demo.keys.enterprise;
  const before = (await spillway.ledger("enterprise")).rows.length;
  const [first] = await Promise.all([
    killPart(spillway, "1"),
    until("the other to serve", async () => (await call(key)) === 200),
  ]);
  await until("both to serve", async () => {
    const { instances } = await spillway.admin<{ instances: { alive: boolean }[] }>("GET", "instances");
    return instances.filter((one) => one.alive).length === 2;
  });
  expect(partsOf(spillway).get("1")).toBe(first);
  expect(new Set(await calls(key, 6))).toEqual(new Set([200]));
  await until("every row", async () => (await spillway.ledger("enterprise")).rows.length >= before + 7);
});

test("with a port of its own the console is served there and calls are not, and the other way round", async () => {
  const consolePort = await freePort();
  const apart = { PLANES: "apart", CONSOLE_PORT: String(consolePort) };
  await using own = await Spillway.run(apart, { keepsEdge: true });
  const at = async (url: string, init: RequestInit = {}) => (await fetch(url, init)).status;
  const consoleUrl = `http://127.0.0.1:${consolePort}`;
  await until("the console", async () => (await at(`${consoleUrl}/api/readyz`)) === 200);
  expect([await at(`${consoleUrl}/sign-in`), await at(`${own.baseUrl}/sign-in`)]).toEqual([200, 404]);
  const chat = { method: "POST", headers: { authorization: `Bearer ${own.demo.keys.standard}` }, body: BODY };
  expect(await at(`${consoleUrl}/v1/chat/completions`, chat)).toBe(404);
  expect((await own.chat(own.demo.keys.standard)).status).toBe(200);
});

test("several processes without a store that they share are refused at the start", async () => {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-fault-"));
  const settings = { PLANES: "apart", CALL_PROCESSES: "2", PORT: String(await freePort()), DATA_DIR: dataDir };
  const started = start([], settings);
  expect(await started.exited).toBe(1);
  expect(started.output()).toContain("CALL_PROCESSES: several processes need a store that they share");
});
