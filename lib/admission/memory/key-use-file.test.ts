import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { HOUR_MS } from "@/lib/clock";
import { StoreUnavailable } from "@/lib/errors";
import { makeLog } from "@/lib/log";
import { MemoryIdempotency } from "../idempotency";
import { KeyUseFile } from "./key-use-file";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-key-uses-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

let now = Date.UTC(2026, 10, 27);
const clock = { now: () => now };
let made = 0;
const newFile = () => path.join(folder, `uses-${++made}.ndjson`);
/** A process that starts with the file of an earlier one. */
const start = (file: string) => new MemoryIdempotency(clock, new KeyUseFile({ file, log: makeLog("silent") }));
const use = (id: string) => ({ tenantId: "t", id, body: `body of ${id}`, requestId: `req_${id}` });

test("a key whose process was killed while it ran counts as served, with its request id", async () => {
  const file = newFile();
  expect(await start(file).begin(use("a"))).toBeNull();
  const found = await start(file).begin(use("a"));
  expect(found).toMatchObject({ state: "done", body: "body of a", requestId: "req_a" });
});

test("a key that was served stays served over restarts for a day, and is free after it", async () => {
  const file = newFile();
  const first = start(file);
  await first.begin(use("a"));
  await first.done(use("a"));
  now += 23 * HOUR_MS;
  expect(await start(file).begin(use("a"))).toMatchObject({ state: "done" });
  now += 2 * HOUR_MS;
  expect(await start(file).begin(use("a"))).toBeNull();
});

test("a key that was set free is free after a restart", async () => {
  const file = newFile();
  const first = start(file);
  await first.begin(use("a"));
  await first.release(use("a"));
  expect(await start(file).begin(use("a"))).toBeNull();
});

test("an incomplete line spoils no other", async () => {
  const file = newFile();
  await start(file).begin(use("a"));
  fs.appendFileSync(file, '{"id":"b","use":{"bo');
  const next = start(file);
  expect(await next.begin(use("c"))).toBeNull();
  const last = start(file);
  expect(await last.begin(use("a"))).toMatchObject({ state: "done" });
  expect(await last.begin(use("c"))).toMatchObject({ state: "done" });
  expect(await last.begin(use("b"))).toBeNull();
});

test("a call that cannot be journaled does not begin", async () => {
  const uses = start(newFile());
  fs.rmSync(folder, { recursive: true, force: true });
  await expect(uses.begin(use("a"))).rejects.toThrow(StoreUnavailable);
  fs.mkdirSync(folder);
  expect(await uses.begin(use("a"))).toBeNull();
});

test("a call that runs says so", async () => {
  const uses = start(newFile());
  await uses.begin(use("a"));
  now += 60_000;
  await uses.beat(use("a"));
  expect(await uses.begin(use("a"))).toMatchObject({ state: "running", at: now });
});
