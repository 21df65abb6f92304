import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { Pool } from "undici";
import { Fleet } from "../e2e/fixtures/fleet";
import { freePort, root, until } from "../e2e/fixtures/process";
import { Spillway } from "../e2e/fixtures/spillway";

/**
 * What a call costs, beside a proxy that decides nothing, in the same run: CPU of the process per call at saturation, the
 * time that it adds at a steady rate, and what it keeps in memory. A chat body of 1 kB, an answer of 600 bytes.
 */
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const CALLS = 2000;
const AT_ONCE = 64;
const STEADY_PER_SECOND = 150;
const STEADY_CALLS = 600;

const children: ChildProcess[] = [];

async function script(name: string, ...args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [path.join(root, "bench", "processes", name), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  let output = "";
  child.stdout?.on("data", (chunk) => (output += chunk));
  await until(name, () => output.includes("listening"));
  return child;
}

const [upstreamPort, barePort] = [await freePort(), await freePort()];
const upstream = `http://127.0.0.1:${upstreamPort}`;
await script("upstream.mjs", String(upstreamPort));
const bare = await script("bare-proxy.mjs", String(barePort), upstream);

const fleet = await Fleet.run(1, { PLANE: "all" });
const [shared] = fleet.processes;
if (shared === undefined) throw new Error("no process");
const alone = await Spillway.run();
for (const one of [shared, alone]) await prepare(one);
const plane = await Spillway.run({ ...fleet.env, PLANE: "gateway" });

/** Twelve limits of four subjects and a lease each for two of them, all far away; a provider without credentials. */
async function prepare(one: Spillway): Promise<void> {
  await one.admin("PUT", "providers/simulator", { name: "Simulator", baseUrl: `${upstream}/v1`, allowLocal: true });
  const tier = await one.admin<Record<string, unknown>>("GET", "tiers/standard");
  const limits = (["tenant", "user", "key", "endpoint"] as const).flatMap((layer) =>
    (["requests", "total_tokens", "cost_micro_usd"] as const).map((dimension) => ({
      ...{ name: `${layer}-${dimension.replaceAll("_", "-")}`, layer, dimension, algorithm: "token_bucket" },
      ...{ capacity: 1e12, refill: 1e12, windowSeconds: 60 },
    })),
  );
  const leases = (["tenant", "user"] as const).map((layer) => ({
    ...{ name: `${layer}-concurrency`, layer, dimension: "concurrency", algorithm: "concurrency", capacity: 10_000 },
  }));
  await one.admin("PUT", "tiers/standard", { ...tier, limits: [...limits, ...leases] });
}

const content = "Why does water boil earlier on a mountain than at the sea, and what follows for cooking? ".repeat(10);
const body = JSON.stringify({ model: "sim-small", max_tokens: 100, messages: [{ role: "user", content }] });

type Variant = { name: string; pid: number; pool: Pool; key: string };
const variant = (name: string, pid: number | undefined, url: string, key = ""): Variant => {
  return { name, pid: pid ?? 0, pool: new Pool(url, { connections: AT_ONCE }), key };
};
const variants = [
  variant("bare proxy", bare.pid, `http://127.0.0.1:${barePort}`),
  variant("in process", alone.process.child.pid, alone.baseUrl, alone.demo.keys.standard),
  variant("Redis", shared.process.child.pid, shared.baseUrl, shared.demo.keys.standard),
  variant("Redis, PLANE=gateway", plane.process.child.pid, plane.baseUrl, shared.demo.keys.standard),
].filter(({ name }) => process.env.ONLY === undefined || name === "bare proxy" || name === process.env.ONLY);

async function call({ pool, key }: Variant, serial: number): Promise<number> {
  const began = performance.now();
  const answer = await pool.request({
    method: "POST",
    path: "/v1/chat/completions",
    headers: {
      ...{ "content-type": "application/json", authorization: `Bearer ${key}` },
      "x-spillway-user": `u${serial % 1000}`,
    },
    body,
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${text}`);
  return performance.now() - began;
}

/** CPU time a process has used, µs: user and system, in clock ticks of a hundredth of a second. */
function cpuMicros(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8").replace(/\(.*\)/, "x");
  const [user = 0, system = 0] = stat.split(" ").slice(13, 15).map(Number);
  return (user + system) * 10_000;
}

function rssBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
}

const median = (list: readonly number[], share = 0.5) =>
  [...list].sort((left, right) => left - right)[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0;

let serial = 0;
async function saturate(one: Variant): Promise<number> {
  const before = cpuMicros(one.pid);
  let left = CALLS;
  const caller = async () => {
    while (left-- > 0) await call(one, serial++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  return (cpuMicros(one.pid) - before) / CALLS;
}

async function steadily(one: Variant): Promise<number[]> {
  const times: Promise<number>[] = [];
  const began = performance.now();
  for (let sent = 0; sent < STEADY_CALLS; sent++) {
    const due = began + (sent * 1000) / STEADY_PER_SECOND;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    times.push(call(one, serial++));
  }
  return Promise.all(times);
}

const cpu = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
const memory = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
for (let round = -2; round < ROUNDS; round++) {
  for (const one of variants) {
    const micros = await saturate(one);
    if (round >= 0) cpu.get(one.name)?.push(micros);
    memory.get(one.name)?.push(rssBytes(one.pid));
  }
}
const steady = new Map<string, number[]>();
if (process.env.ONLY === undefined) for (const one of variants) steady.set(one.name, await steadily(one));

const bareCpu = cpu.get("bare proxy") ?? [];
console.log(
  `Node ${process.version}; medians of ${ROUNDS} rounds of ${CALLS} calls, ${AT_ONCE} at once; 12 limits, 2 leases\n`,
);
const rows = variants.map(({ name }) => {
  const mine = cpu.get(name) ?? [];
  const times = steady.get(name) ?? [];
  return {
    name,
    cpuMicros: median(mine),
    toBare: median(mine.map((micros, round) => micros / (bareCpu[round] ?? 1))),
    p50Ms: median(times),
    p99Ms: median(times, 0.99),
    rssMb: (memory.get(name)?.at(-1) ?? 0) / 1e6,
  };
});
console.table(
  rows.map((row) => ({
    variant: row.name,
    "CPU µs": row.cpuMicros.toFixed(0),
    "× bare": row.toBare.toFixed(1),
    [`p50 ms at ${STEADY_PER_SECOND}/s`]: row.p50Ms.toFixed(2),
    "p99 ms": row.p99Ms.toFixed(2),
    "RSS MB": row.rssMb.toFixed(0),
  })),
);
if (process.argv.includes("--json"))
  console.log(JSON.stringify(Object.fromEntries(rows.map((row) => [row.name, row]))));

for (const { pool } of variants) await pool.close();
await Promise.all([fleet.stop(), alone.stop(), plane.stop()]);
for (const child of children) child.kill();
process.exit(0);
