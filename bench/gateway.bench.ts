import { Pool } from "undici";
import { Spillway } from "../e2e/fixtures/spillway";
import { portkey } from "./gateway/peer";
import { cpuMicros, median, prepare, rssBytes, setStage } from "./gateway/stage";

/**
 * What a call costs, beside a proxy that decides nothing, in the same run: CPU of the process per call at saturation, with
 * limits and without, the time that it adds at a steady rate, the rate up to which the slowest calls stay within some times,
 * what it keeps in memory, and what a refusal costs. A chat body of 1 kB, an answer of 600 bytes.
 */
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const CALLS = Number(process.env.CALLS ?? 2000);
/** A warm round more makes up for compilers that are still at work. */
const WARM_ROUNDS = 2;
const AT_ONCE = 64;
const STEADY_PER_SECOND = 150;
const STEADY_CALLS = 600;
/** Calls after which memory is read again; 0 = not. */
const MEMORY_CALLS = Number(process.env.MEMORY_CALLS ?? 0);
const FRONTIER_MS = [5, 10, 50, 100];
const FRONTIER_RATES = [100, 200, 400, 800, 1600, 3200, 6400];

const stage = await setStage();
const { shared, plane, bare } = stage;
const alone = await Spillway.run();
await prepare(alone, stage.upstream);
const second = await Spillway.run({ ...stage.fleet.env, PLANE: "gateway" });

const content = "Why does water boil earlier on a mountain than at the sea, and what follows for cooking? ".repeat(10);
const body = JSON.stringify({ model: "sim-small", max_tokens: 100, messages: [{ role: "user", content }] });

/** One or more processes that calls go to in turn. */
type Variant = {
  readonly name: string;
  readonly pids: readonly number[];
  readonly pools: readonly Pool[];
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
};
type Served = { readonly pid: number | undefined; readonly url: string };
function variant(name: string, served: readonly Served[], headers: Record<string, string> = {}, status = 200): Variant {
  const pools = served.map(({ url }) => new Pool(url, { connections: AT_ONCE }));
  return { name, pids: served.map(({ pid }) => pid ?? 0), pools, headers, status };
}
const at = (one: Spillway): Served => ({ pid: one.process.child.pid, url: one.baseUrl });
const key = (of: Spillway, tier: "free" | "standard" | "enterprise") => ({
  authorization: `Bearer ${of.demo.keys[tier]}`,
});
const peer = process.env.PEERS === undefined ? null : await portkey();

const all: readonly Variant[] = [
  variant("bare proxy", [bare]),
  variant("no limits", [at(plane)], key(shared, "free")),
  variant("in process", [at(alone)], key(alone, "standard")),
  variant("Redis", [at(plane)], key(shared, "standard")),
  variant("Redis, console in the process", [at(shared)], key(shared, "standard")),
  variant("Redis, two processes", [at(plane), at(second)], key(shared, "standard")),
  variant("refused", [at(plane)], { ...key(shared, "enterprise"), "x-spillway-feature": "shut" }, 429),
  ...(peer === null
    ? []
    : [
        variant("Portkey, no limits", [peer], {
          "x-portkey-provider": "openai",
          authorization: "Bearer none",
          "x-portkey-custom-host": `${stage.upstream}/v1`,
        }),
      ]),
];
const variants = all.filter(
  ({ name }) => process.env.ONLY === undefined || ["bare proxy", ...process.env.ONLY.split("|")].includes(name),
);
if (variants.length < 2) throw new Error(`ONLY: none of ${all.map(({ name }) => name).join(", ")}`);

let serial = 0;
async function call({ pools, headers, status }: Variant): Promise<number> {
  const began = performance.now();
  const nth = serial++;
  const answer = await pools[nth % pools.length]?.request({
    method: "POST",
    path: "/v1/chat/completions",
    headers: { "content-type": "application/json", ...headers, "x-spillway-user": `u${nth % 1000}` },
    body,
  });
  const text = await answer?.body.text();
  if (answer?.statusCode !== status) throw new Error(`${answer?.statusCode}: ${text}`);
  return performance.now() - began;
}

// The one call that passes before all others are refused.
for (const one of variants) if (one.status !== 200) await call({ ...one, status: 200 });

const cpuOf = ({ pids }: Variant) => pids.reduce((sum, pid) => sum + cpuMicros(pid), 0);
const rssOf = ({ pids }: Variant) => pids.reduce((sum, pid) => sum + rssBytes(pid), 0);

/** CPU per call, µs, with so many callers that the process is never idle. */
async function saturate(one: Variant, calls: number): Promise<number> {
  const before = cpuOf(one);
  let left = calls;
  const caller = async () => {
    while (left-- > 0) await call(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  return (cpuOf(one) - before) / calls;
}

/** The times of calls that come at a steady rate, while those before may still run. */
async function steadily(one: Variant, perSecond: number, calls: number): Promise<number[]> {
  const times: Promise<number>[] = [];
  const began = performance.now();
  for (let sent = 0; sent < calls; sent++) {
    const wait = began + (sent * 1000) / perSecond - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    times.push(call(one));
  }
  return Promise.all(times);
}

/** The highest rate at which 99 of 100 calls took no longer than each of some times; 0 = none that was tried. */
async function frontier(one: Variant): Promise<number[]> {
  const reached = FRONTIER_MS.map(() => 0);
  for (const rate of FRONTIER_RATES) {
    const p99 = median(await steadily(one, rate, 2 * rate), 0.99);
    for (const [index, ms] of FRONTIER_MS.entries()) if (p99 <= ms) reached[index] = rate;
    if (p99 > (FRONTIER_MS.at(-1) ?? 0)) break;
  }
  return reached;
}

const cpu = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
for (let round = -WARM_ROUNDS; round < ROUNDS; round++) {
  for (const one of variants) {
    const micros = await saturate(one, CALLS);
    if (round >= 0) cpu.get(one.name)?.push(micros);
  }
}
const warmRss = new Map(variants.map((one) => [one.name, rssOf(one)]));
const steady = new Map<string, number[]>();
const frontiers = new Map<string, number[]>();
if (process.env.ONLY === undefined) {
  for (const one of variants) steady.set(one.name, await steadily(one, STEADY_PER_SECOND, STEADY_CALLS));
  for (const one of variants) frontiers.set(one.name, await frontier(one));
}
const grown = new Map<string, number>();
const remembers = variants.find(({ name }) => name === "Redis");
if (MEMORY_CALLS > 0 && remembers !== undefined) {
  await saturate(remembers, MEMORY_CALLS);
  grown.set(remembers.name, rssOf(remembers));
}

const bareCpu = cpu.get("bare proxy") ?? [];
const toBareOf = (name: string) => median((cpu.get(name) ?? []).map((micros, round) => micros / (bareCpu[round] ?? 1)));
const rows = variants.map(({ name }) => ({
  name,
  cpuMicros: median(cpu.get(name) ?? []),
  toBare: toBareOf(name),
  perSecondAndCore: Math.round(1e6 / (median(cpu.get(name) ?? []) || 1)),
  p50Ms: median(steady.get(name) ?? []),
  p99Ms: median(steady.get(name) ?? [], 0.99),
  frontier: frontiers.get(name) ?? [],
  rssMb: (warmRss.get(name) ?? 0) / 1e6,
  rssMbLater: (grown.get(name) ?? 0) / 1e6,
}));
console.log(
  `Node ${process.version}; medians of ${ROUNDS} rounds of ${CALLS} calls, ${AT_ONCE} at once; 12 limits, 2 leases\n`,
);
console.table(
  rows.map((row) => ({
    variant: row.name,
    "CPU µs": row.cpuMicros.toFixed(0),
    "× bare": row.toBare.toFixed(1),
    "per s and core": row.perSecondAndCore,
    [`p50 ms at ${STEADY_PER_SECOND}/s`]: row.p50Ms.toFixed(2),
    "p99 ms": row.p99Ms.toFixed(2),
    [`calls/s at p99 ≤ ${FRONTIER_MS.join(", ")} ms`]: row.frontier.join(", "),
    "RSS MB": row.rssMb.toFixed(0),
    ...(MEMORY_CALLS > 0 ? { [`RSS MB after ${MEMORY_CALLS}`]: row.rssMbLater.toFixed(0) } : {}),
  })),
);
// Of two figures that were both taken: with ONLY there may be one of them.
if (cpu.has("Redis") && cpu.has("no limits"))
  console.log(`what limits cost: ${(toBareOf("Redis") - toBareOf("no limits")).toFixed(1)} × bare`);
if (process.argv.includes("--json"))
  console.log(JSON.stringify(Object.fromEntries(rows.map((row) => [row.name, row]))));

for (const { pools } of variants) for (const pool of pools) await pool.close();
await Promise.all([alone.stop(), second.stop()]);
await stage.close();
process.exit(0);
