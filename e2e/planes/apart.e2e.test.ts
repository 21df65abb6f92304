import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root, until } from "../fixtures/process";
import { rawFrom, statusOf } from "../fixtures/raw";
import { Provider } from "../fixtures/simulator";
import { Spillway } from "../fixtures/spillway";
import { endPart, isAlive, killPart, partsOf } from "./parts";

const STREAMS = 20;
/** Of a process that starts again beside others that serve, on a machine that runs much else. */
const BACK_MS = 60_000;

let spillway: Spillway;
let provider: Provider;
beforeAll(async () => {
  [spillway, provider] = await Promise.all([
    Spillway.run({ PLANES: "apart", LEASE_SECONDS: "1", LOG_LEVEL: "error" }),
    Provider.run(),
  ]);
  await provider.serve(spillway);
  // Out of the way of many calls at once.
  await setLimits("enterprise", ({ capacity }) => capacity * 1000);
});
afterAll(async () => {
  await spillway.stop();
  await provider.stop();
});

type Limit = { readonly name: string; readonly capacity: number };

async function setLimits(slug: string, capacityOf: (limit: Limit) => number): Promise<void> {
  const tier = await spillway.admin<{ limits: Limit[] }>("GET", `tiers/${slug}`);
  const limits = tier.limits.map((limit) => ({ ...limit, capacity: capacityOf(limit) }));
  await spillway.admin("PUT", `tiers/${slug}`, { ...tier, limits });
}

const key = () => spillway.demo.keys.enterprise;
const operator = () => ({ authorization: `Bearer ${spillway.demo.operatorToken}` });
const served = () => until("a call to be served", async () => (await spillway.chat(key())).status === 200, BACK_MS);
const consoleServes = () =>
  until("the console to answer", async () => (await spillway.admin("GET", "overview")) !== null, BACK_MS);

test("calls and console are two processes at one address, and the console sees what calls have just done", async () => {
  expect([...partsOf(spillway).keys()].sort()).toEqual(["1", "console"]);
  const answer = await spillway.chat(key());
  expect(answer.status).toBe(200);
  expect(await spillway.ledgerRow(answer.headers.get("x-request-id") ?? "")).toMatchObject({ ending: "complete" });
  const page = await fetch(`${spillway.baseUrl}/sign-in`);
  expect([page.status, page.headers.get("x-frame-options")]).toEqual([200, "DENY"]);
  expect(page.headers.get("content-security-policy")).toContain("nonce-");
  // A job runs beside the calls, and an answer is counted when it is out.
  await until("the figures of both", async () => {
    const text = await (await fetch(`${spillway.baseUrl}/api/metrics`, { headers: operator() })).text();
    const figures = [
      /^spillway_answers_total\{status="200"\} [1-9]/m,
      /^spillway_job_runs_total\{job="retention",outcome="done"\} 1$/m,
    ];
    return figures.every((one) => one.test(text)) || Promise.reject(text);
  });
});

test("only the user of the installation may use the sockets between them", () => {
  const folder = path.join(spillway.dataDir, "run");
  const modeOf = (file: string) => fs.statSync(file).mode & 0o777;
  expect(modeOf(folder)).toBe(0o700);
  const sockets = fs.readdirSync(folder).sort();
  expect(sockets).toEqual(["calls-1.sock", "console.sock"]);
  expect(sockets.map((name) => modeOf(path.join(folder, name)))).toEqual([0o600, 0o600]);
});

test("the console's process sees the client's own address, whatever the client says", async () => {
  const body = JSON.stringify({
    scope: { tenant: "free" },
    mode: "observe",
    reason: "whose address",
    expiresInSeconds: 1,
  });
  const lines = [
    "POST /api/admin/brakes HTTP/1.1",
    "Host: localhost",
    `Authorization: Bearer ${spillway.demo.operatorToken}`,
    "Content-Type: application/json",
    "X-Forwarded-For: 192.0.2.1",
    "X-Spillway-Peer: 192.0.2.2",
    "Connection: close",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  const answer = await rawFrom("127.0.0.7", spillway.baseUrl, `${lines.join("\r\n")}\r\n\r\n${body}`);
  expect(statusOf(answer)).toBe(201);
  const { rows } = await spillway.admin<{ rows: { action: string; address: string }[] }>("GET", "audit");
  expect(rows.find((row) => row.action === "brakes.set")?.address).toBe("127.0.0.7");
});

test("a stream of the console passes event by event, and ends with its reader", async () => {
  const end = new AbortController();
  const live = await fetch(`${spillway.baseUrl}/api/admin/live`, { headers: operator(), signal: end.signal });
  expect([live.status, live.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  const reader = live.body?.getReader();
  for (let event = 0; event < 2; event++) {
    expect(new TextDecoder().decode((await reader?.read())?.value)).toMatch(/^data: \{/);
  }
  end.abort();
});

test("a limit and a brake are in force for the next call once the console has answered", async () => {
  for (const requests of [0, 1000]) {
    await setLimits("free", ({ name, capacity }) => (name === "requests-per-minute" ? requests : capacity));
    // Of none it could never pass.
    expect((await spillway.chat(spillway.demo.keys.free)).status).toBe(requests === 0 ? 400 : 200);
  }
  for (let round = 0; round < 3; round++) {
    const brake = { scope: { tenant: "standard" }, mode: "block", reason: "the next call", expiresInSeconds: 60 };
    const { id } = await spillway.admin<{ id: string }>("POST", "brakes", brake);
    expect((await spillway.chat(spillway.demo.keys.standard)).status).toBe(503);
    await spillway.admin("DELETE", `brakes/${id}`, { reason: "over" });
    expect((await spillway.chat(spillway.demo.keys.standard)).status).toBe(200);
  }
});

/** Calls without a pause by so many callers until `during` is over; their statuses. */
async function underLoad(callers: number, during: () => Promise<unknown>): Promise<Set<number>> {
  const statuses = new Set<number>();
  let isOver = false;
  const caller = async () => {
    while (!isOver) {
      const answer = await spillway.chat(key());
      await answer.text();
      statuses.add(answer.status);
    }
  };
  const running = Array.from({ length: callers }, caller);
  await during();
  isOver = true;
  await Promise.all(running);
  return statuses;
}

test("kill -9 of the console's process under load: no call fails, a running stream ends whole, and the console comes back", async () => {
  await provider.play({ tokenMs: 20, outputTokens: 40, times: 1 });
  const running = await spillway.chat(key(), { stream: true });
  const brake = { scope: { tenant: "free" }, mode: "block", reason: "no console", expiresInSeconds: 600 };
  let braked = "";
  const statuses = await underLoad(3, async () => {
    await killPart(spillway, "console");
    braked = (await spillway.admin<{ id: string }>("POST", "brakes", brake)).id;
    expect((await spillway.chat(spillway.demo.keys.free)).status).toBe(503);
    await consoleServes();
  });
  expect(statuses).toEqual(new Set([200]));
  expect((await running.text()).trimEnd().endsWith("data: [DONE]")).toBe(true);
  type Audit = { rows: { action: string; target: string }[] };
  await until("the brake to be in the audit log", async () => {
    const { rows } = await spillway.admin<Audit>("GET", "audit");
    return rows.some(({ action, target }) => action === "brakes.set" && target === braked);
  });
  await spillway.admin("DELETE", `brakes/${braked}`, { reason: "over" });
});

test("kill -9 of the process that serves calls, under load: it comes back, each call it cut has one row, and every slot is free", async () => {
  const consolePid = partsOf(spillway).get("console") ?? 0;
  const before = (await provider.bills()).length;
  await provider.play({ mode: "endless", tokenMs: 10, times: STREAMS });
  const running = await Promise.all(Array.from({ length: STREAMS }, () => spillway.chat(key(), { stream: true })));
  expect(running.map(({ status }) => status)).toEqual(Array(STREAMS).fill(200));
  const ids = running.map((answer) => answer.headers.get("x-request-id") ?? "");
  await Promise.all(running.map((answer) => answer.body?.getReader().read()));
  await killPart(spillway, "1");
  await served();
  await consoleServes();
  expect(partsOf(spillway).get("console")).toBe(consolePid);
  await until("every stream to be billed", async () => (await provider.bills()).length > before + STREAMS);
  const rows = await Promise.all(ids.map((id) => until("the row", () => spillway.ledgerRow(id))));
  expect(rows.map((row) => row.ending)).toEqual(Array(STREAMS).fill("crashed"));
  // A row of a dead process is written before its slot is given back.
  await until("every slot to be free", async () => {
    const slots = (await spillway.quota(key())).find((line) => line.name === "concurrent-calls");
    return slots?.used === 0;
  });
});

test("SIGTERM to the process that serves calls alone: its running stream ends whole, and a successor serves", async () => {
  await provider.play({ tokenMs: 20, outputTokens: 40, times: 1 });
  const running = await spillway.chat(key(), { stream: true });
  const successor = endPart(spillway, "1", "SIGTERM");
  expect((await running.text()).trimEnd().endsWith("data: [DONE]")).toBe(true);
  await successor;
  await served();
  await consoleServes();
});

test("kill -9 of the supervisor ends every part, and the next start serves and has every row", async () => {
  const answer = await spillway.chat(key());
  const parts = [...partsOf(spillway).values()];
  expect(parts).toHaveLength(2);
  await spillway.kill("SIGKILL");
  await until("the parts to end", () => parts.every((pid) => !isAlive(pid)));
  await spillway.restart();
  await served();
  const row = await until("its row", () => spillway.ledgerRow(answer.headers.get("x-request-id") ?? ""));
  expect(row).toMatchObject({ ending: "complete" });
});

test("what serves calls loads no Next, no React and no auth library", () => {
  const folder = path.join(root, "dist", "parts");
  const entry = fs.readdirSync(folder).find((name) => /^serve-calls-.*\.mjs$/.test(name));
  const packages = new Set<string>();
  const seen = new Set<string>();
  const walk = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, name = ""] of fs.readFileSync(file, "utf8").matchAll(/^(?:import|export)[^"';]*?"([^"]+)"/gm)) {
      if (name.startsWith(".")) walk(path.join(path.dirname(file), name));
      else packages.add(name);
    }
  };
  walk(path.join(folder, entry ?? ""));
  expect(packages).toContain("undici");
  expect([...packages].filter((name) => /^(next|react|better-auth|@mantine|nodemailer)\b/.test(name))).toEqual([]);
});
