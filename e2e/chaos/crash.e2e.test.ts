import fs from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import { Spillway } from "../fixtures/spillway";

const STREAMS = 20;

let spillway: Spillway;
let provider: Provider;
beforeAll(async () => {
  [spillway, provider] = await Promise.all([Spillway.run({ LEASE_SECONDS: "1" }), Provider.run()]);
  await provider.serve(spillway);
});
afterAll(async () => {
  await spillway.stop();
  await provider.stop();
});

const concurrent = async () =>
  (await spillway.quota(spillway.demo.keys.enterprise)).find((limit) => limit.name === "concurrent-calls")?.used;

test("kill -9 during twenty streams: after the next start every call that reached the provider has one row, and every slot is free", async () => {
  await provider.play({ mode: "endless", tokenMs: 10 });
  const running = await Promise.all(
    Array.from({ length: STREAMS }, () => spillway.chat(spillway.demo.keys.enterprise, { stream: true })),
  );
  expect(running.map((answer) => answer.status)).toEqual(Array(STREAMS).fill(200));
  const ids = running.map((answer) => answer.headers.get("x-request-id") ?? "");
  const readers = running.map((answer) => answer.body?.getReader());
  await Promise.all(readers.map((reader) => reader?.read()));
  expect(await concurrent()).toBe(STREAMS);
  // Two heartbeats of the calls' thirds of a second, so that usage has been noted.
  await until("usage to be on record", async () => (await provider.bills()).length === 0 && noted() >= STREAMS);

  await spillway.kill("SIGKILL");
  const bills = await until("the provider to notice", async () => {
    const known = await provider.bills();
    return known.length === STREAMS ? known : null;
  });
  const began = Date.now();
  await spillway.restart();
  process.stdout.write(`ready ${Date.now() - began} ms after kill -9 during ${STREAMS} streams\n`);

  const { rows } = await spillway.ledger("enterprise");
  expect(rows.map((row) => row.requestId).sort()).toEqual([...ids].sort());
  expect(rows.map((row) => row.ending)).toEqual(Array(STREAMS).fill("crashed"));
  for (const row of rows) {
    const bill = bills.find((one) => one.requestId === row.requestId);
    expect(row.inputTokens).toBe(bill?.inputTokens);
    expect(row.outputTokens).toBeGreaterThan(0);
    expect(row.outputTokens).toBeLessThanOrEqual(bill?.outputTokens ?? 0);
  }
  expect(await concurrent()).toBe(0);
  await provider.play({});
  expect((await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(200);

  await spillway.kill("SIGKILL");
  await spillway.restart();
  expect((await spillway.ledger("enterprise")).rows).toHaveLength(STREAMS + 1);
});

test("a call whose process was killed is not sent again under its idempotency key", async () => {
  await provider.play({ mode: "hang", times: 1 });
  const headers = { "idempotency-key": "killed on the way" };
  const send = () => spillway.chat(spillway.demo.keys.enterprise, {}, { headers });
  const lost = send().catch(() => null);
  await until("it to run", async () => (await concurrent()) === 1);
  await spillway.kill("SIGKILL");
  await lost;
  await spillway.restart();
  await provider.play({});
  const served = async () => (await provider.bills()).filter(({ aborted }) => !aborted).length;
  const before = await served();
  const again = await send();
  expect([again.status, (await again.json()).error.code]).toEqual([409, "already_completed"]);
  expect(await served()).toBe(before);
});

test("a limit that is used up stays used up over kill -9: the counters come back", async () => {
  const key = spillway.demo.keys.free;
  // Nothing flows back meanwhile, however long the restart takes.
  const tier = await spillway.admin<{ limits: { name: string }[] }>("GET", "tiers/free");
  const slow = (limit: { name: string }) =>
    limit.name === "requests-per-minute" ? { ...limit, refill: 1, windowSeconds: 31_000_000 } : limit;
  await spillway.admin("PUT", "tiers/free", { ...tier, limits: tier.limits.map(slow) });
  for (let call = 0; call < 10; call++) expect((await spillway.chat(key)).status).toBe(200);
  const before = (await spillway.quota(key)).find((limit) => limit.name === "requests-per-minute")?.used ?? 0;
  const saved = `${spillway.dataDir}/counters.json`;
  await until("the counters to be saved", async () => fs.readFileSync(saved, "utf8").includes("tenant_free"));
  await until("the last call to be saved", async () => countIn(fs.readFileSync(saved, "utf8")) >= before - 1);
  await spillway.kill("SIGKILL");
  await spillway.restart();
  const after = (await spillway.quota(key)).find((limit) => limit.name === "requests-per-minute")?.used ?? 0;
  expect(after).toBeGreaterThanOrEqual(before - 1);
});

test("SIGTERM lets a running stream finish, then leaves with 0 and stops its PostgreSQL", async () => {
  await provider.play({ tokenMs: 40, outputTokens: 16, times: 1 });
  const running = await spillway.chat(spillway.demo.keys.enterprise, { stream: true });
  const left = spillway.kill("SIGTERM");
  const text = await running.text();
  expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
  expect(text).not.toContain('"error"');
  expect(await left).toBe(0);
  await spillway.restart();
  const row = await until("the row", () => spillway.ledgerRow(running.headers.get("x-request-id") ?? ""));
  expect(row).toMatchObject({ ending: "complete", outputTokens: 16 });
});

test("a stream that outlasts the drain is ended with an error frame and settled", async () => {
  const short = await Spillway.run({ DRAIN_SECONDS: "1" });
  await provider.serve(short);
  await provider.play({ mode: "endless", tokenMs: 20, times: 1 });
  const running = await short.chat(short.demo.keys.enterprise, { stream: true });
  const left = short.kill("SIGTERM");
  const text = await running.text();
  expect(text).toContain('"code":"shutting_down"');
  expect(await left).toBe(0);
  await short.restart();
  const row = await until("the row", () => short.ledgerRow(running.headers.get("x-request-id") ?? ""));
  expect(row).toMatchObject({ ending: "drained" });
  await short.stop();
});

/** How many calls have their usage in the journal. */
function noted(): number {
  const folder = `${spillway.dataDir}/journal`;
  const lines = fs.readdirSync(folder).flatMap((file) => fs.readFileSync(`${folder}/${file}`, "utf8").split("\n"));
  return new Set(lines.flatMap((line) => (line.includes('"kind":"note"') ? JSON.parse(line).requestId : []))).size;
}

/** Requests on the free tenant's minute counter in a saved copy. */
function countIn(saved: string): number {
  const counters: { key: string; a: number }[] = JSON.parse(saved).counters;
  return counters.find(({ key }) => key.includes("tenant_free") && key.includes("requests-per-minute"))?.a ?? 0;
}
