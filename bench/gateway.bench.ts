import { type Busy, besideBusyConsole, fillLedger } from "./gateway/busy";
import { collected } from "./gateway/collected";
import { call, FRONTIER_MS, frontier, saturate, steadily } from "./gateway/load";
import { median, setStage } from "./gateway/stage";
import { AT_ONCE, rssOf, startVariants, type Variant } from "./gateway/variants";

/**
 * The cost of a call, compared with a bare proxy in the same run: CPU of the process per call at saturation, with and
 * without limits; the added time at a steady rate; the highest rate at which the slowest calls stay within given times;
 * the effect of a busy console; memory; and the cost of a refusal. A chat body of 1 kB, an answer of 600 bytes. With
 * ONLY, which names variants, it measures only CPU and memory unless PARTS names more.
 */
const only = process.env.ONLY?.split("|") ?? null;
const PARTS = ["steady", "frontier", "busy", "memory"] as const;
const parts = new Set(process.env.PARTS?.split(",") ?? (only === null ? PARTS : []));
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const CALLS = Number(process.env.CALLS ?? 1500);
/** For each variant before its first round: compilers are active until about then. */
const WARM_CALLS = Number(process.env.WARM_CALLS ?? 20_000);
/** CPU is counted in ticks of 10 ms, so a variant that needs less than this takes more calls. */
const BARE_TIMES = 4;
/** On any machine, the whole run ends within about a quarter of an hour. */
const SECONDS_MAX = { warm: 45, memory: 240 };
const STEADY_PER_SECOND = 150;
const STEADY_CALLS = Number(process.env.STEADY_CALLS ?? 600);
const STEADY_ROUNDS = 2;
const MEMORY_CALLS = Number(process.env.MEMORY_CALLS ?? 200_000);
const BUSY_CALLS = Number(process.env.BUSY_CALLS ?? 1_000_000);
const FRONTIER_OF = ["bare proxy", "no limits", "in process", "Redis", "Redis, two processes", "Portkey, no limits"];
const BUSY_OF = ["Redis", "Redis, console in the process"];

const beganAt = performance.now();
const say = (text: string) =>
  process.stderr.write(`${((performance.now() - beganAt) / 1000).toFixed(0).padStart(5)} s  ${text}\n`);

say("starting");
const stage = await setStage();
const { variants, close } = await startVariants(stage, { only, withPeers: process.env.PEERS !== undefined });
// The one call that is admitted before all others are refused.
for (const one of variants) if (one.status !== 200) await call({ ...one, status: 200 });

const named = (names: readonly string[]) => variants.filter(({ name }) => names.includes(name));
const gathered = () => new Map<string, number[]>(variants.map(({ name }) => [name, []]));
const of = (figures: ReadonlyMap<string, readonly number[]>, { name }: Variant) => figures.get(name) ?? [];

for (const one of variants) {
  say(`warming: ${one.name}, ${WARM_CALLS} calls`);
  await saturate(one, WARM_CALLS, SECONDS_MAX.warm);
}
const [cpu, perSecond] = [gathered(), gathered()];
for (let round = 0; round < ROUNDS; round++) {
  say(`round ${round + 1} of ${ROUNDS}`);
  for (const one of variants) {
    const figures = await saturate(one, one.name === "bare proxy" ? BARE_TIMES * CALLS : CALLS);
    cpu.get(one.name)?.push(figures.micros);
    perSecond.get(one.name)?.push(figures.perSecond);
  }
}
const warmRss = new Map(variants.map((one) => [one.name, rssOf(one)]));

const steady = gathered();
if (parts.has("steady") || parts.has("busy")) {
  say(`at ${STEADY_PER_SECOND} calls a second`);
  for (let round = 0; round < STEADY_ROUNDS; round++)
    for (const one of variants) steady.get(one.name)?.push(...(await steadily(one, STEADY_PER_SECOND, STEADY_CALLS)));
}

const frontiers = new Map<string, number[]>();
if (parts.has("frontier"))
  for (const one of named(FRONTIER_OF)) {
    say(`frontier: ${one.name}`);
    frontiers.set(one.name, await frontier(one));
  }

const busy: Busy[] = [];
if (parts.has("busy") && named(BUSY_OF).length > 0) {
  say(`filling the ledger with ${BUSY_CALLS} calls`);
  await fillLedger(stage, BUSY_CALLS);
  for (const one of named(BUSY_OF)) {
    say(`beside a busy console: ${one.name}`);
    busy.push(await besideBusyConsole(stage, one, of(steady, one)));
  }
}

type Memory = {
  readonly calls: number;
  readonly rssMb: [number, number];
  readonly aliveMb: [number, number];
  readonly bytesPerCall: number;
};
async function memoryOf(one: Variant): Promise<Memory> {
  const before = await collected(stage.plane);
  const { calls } = await saturate(one, MEMORY_CALLS, SECONDS_MAX.memory);
  const after = await collected(stage.plane);
  return {
    calls,
    rssMb: [before.rss / 1e6, after.rss / 1e6],
    aliveMb: [before.alive / 1e6, after.alive / 1e6],
    bytesPerCall: (after.alive - before.alive) / calls,
  };
}
let memory: Memory | null = null;
const [remembers] = named(["Redis"]);
if (parts.has("memory") && remembers !== undefined) {
  say(`memory: ${MEMORY_CALLS} calls`);
  memory = await memoryOf(remembers);
}
say("done");

const bareCpu = cpu.get("bare proxy") ?? [];
const toBareOf = (name: string) => median((cpu.get(name) ?? []).map((micros, round) => micros / (bareCpu[round] ?? 1)));
const bareSteady = steady.get("bare proxy") ?? [];
const rows = variants.map((one) => ({
  name: one.name,
  cpuMicros: median(of(cpu, one)),
  toBare: toBareOf(one.name),
  perSecond: median(of(perSecond, one)),
  perSecondAndCore: 1e6 / (median(of(cpu, one)) || 1),
  addedP50Ms: median(of(steady, one)) - median(bareSteady),
  addedP99Ms: median(of(steady, one), 0.99) - median(bareSteady, 0.99),
  p50Ms: median(of(steady, one)),
  p99Ms: median(of(steady, one), 0.99),
  frontier: frontiers.get(one.name) ?? [],
  rssMb: (warmRss.get(one.name) ?? 0) / 1e6,
}));
console.log(
  `\nNode ${process.version}; ${WARM_CALLS} warm calls, medians of ${ROUNDS} rounds of ${CALLS} calls, ${AT_ONCE} at once; 12 limits, 2 leases\n`,
);
console.table(
  rows.map((row) => ({
    variant: row.name,
    "CPU µs": row.cpuMicros.toFixed(0),
    "× bare": row.toBare.toFixed(1),
    "calls/s": row.perSecond.toFixed(0),
    "per s and core": row.perSecondAndCore.toFixed(0),
    "RSS MB": row.rssMb.toFixed(0),
  })),
);
if (parts.has("steady"))
  console.table(
    rows.map((row) => ({
      [`at ${STEADY_PER_SECOND} calls/s`]: row.name,
      "p50 ms": row.p50Ms.toFixed(2),
      "p99 ms": row.p99Ms.toFixed(2),
      "added p50 ms": row.addedP50Ms.toFixed(2),
      "added p99 ms": row.addedP99Ms.toFixed(2),
    })),
  );
if (frontiers.size > 0)
  console.table(
    [...frontiers].map(([name, reached]) => ({
      "calls/s with p99 ≤": name,
      ...Object.fromEntries(FRONTIER_MS.map((ms, index) => [`${ms} ms`, reached[index] ?? 0])),
    })),
  );
for (const one of busy)
  console.log(
    `beside a console that replays ${one.replayed} calls while ten overviews are read ${one.looks} times (${one.failed} failed): ${one.name}: p99 ${one.busyP99Ms.toFixed(1)} ms, quiet ${one.quietP99Ms.toFixed(1)} ms; p50 ${one.busyP50Ms.toFixed(2)} ms`,
  );
if (memory !== null)
  console.log(
    `memory after a collection, before and after ${memory.calls} calls: alive ${memory.aliveMb.map((mb) => mb.toFixed(1)).join(" → ")} MB, RSS ${memory.rssMb.map((mb) => mb.toFixed(0)).join(" → ")} MB; ${memory.bytesPerCall.toFixed(0)} B for each finished call`,
  );
// Only if both figures were taken: with ONLY there may be one.
const limitsCost = cpu.has("Redis") && cpu.has("no limits") ? toBareOf("Redis") - toBareOf("no limits") : null;
if (limitsCost !== null) console.log(`what limits cost: ${limitsCost.toFixed(1)} × bare`);
if (process.argv.includes("--json"))
  console.log(
    JSON.stringify({
      node: process.version,
      variants: Object.fromEntries(rows.map((row) => [row.name, row])),
      limitsCostToBare: limitsCost,
      busy,
      memory,
    }),
  );

await close();
await stage.close();
process.exit(0);
