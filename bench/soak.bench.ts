import fs from "node:fs";
import { Redis } from "ioredis";
import { BadLine } from "../e2e/chaos/rig/bad-line";
import { HungPostgres } from "../e2e/fixtures/hung-postgres";
import { until } from "../e2e/fixtures/process";
import { RedisServer } from "../e2e/fixtures/redis-server";
import { Provider } from "../e2e/fixtures/simulator";
import { Spillway } from "../e2e/fixtures/spillway";

/**
 * Mixed calls under mixed faults for a given time; then checks what is left: memory, descriptors, slots, rows.
 * `--minutes 60`, `--faults-every 10` (seconds). Exit code 1 when a promise is broken.
 */
const option = (name: string, usual: number) => {
  const at = process.argv.indexOf(`--${name}`);
  return Number((at === -1 ? process.env[name.toUpperCase()] : process.argv[at + 1]) ?? usual);
};
const MINUTES = option("minutes", 60);
const FAULT_EVERY_MS = option("faults-every", 10) * 1000;
const CALL_EVERY_MS = 40;
const FAULT_MS = 2000;
const SAMPLE_MS = 1000;
/** V8's heap grows, pools and caches fill: only what comes after this share of the time counts. */
const WARM_SHARE = 0.4;
const GROWTH_MB_PER_MINUTE_MAX = 1;
const DESCRIPTORS_MORE_MAX = 10;

const [redis, provider] = await Promise.all([RedisServer.run(), Provider.run()]);
const line = await BadLine.before(redis.port);
const store = new Redis(redis.url);
const spillway = await Spillway.run({
  REDIS_URL: `redis://127.0.0.1:${line.port}`,
  REDIS_PREFIX: "soak",
  LEASE_SECONDS: "2",
  LOG_LEVEL: "warn",
  UPSTREAM_HEADERS_SECONDS: "2",
  UPSTREAM_IDLE_SECONDS: "2",
});
const postgres = new HungPostgres(spillway.dataDir);
await provider.serve(spillway, { coolsDown: false });
const { enterprise, standard, free } = spillway.demo.keys;
const pid = spillway.process.child.pid ?? 0;

const FAULTS: Readonly<Record<string, () => Promise<void>>> = {
  "a slow line to the store": () => lined({ kind: "slow", ms: 30 }),
  "a mute line to the store": () => lined({ kind: "mute" }),
  "lost answers of the store": () => lined({ kind: "swallows answers" }),
  "a cut line to the store": () => lined({ kind: "cut" }),
  "an emptied store": async () => void (await store.flushall()),
  "a database that hangs": async () => {
    await postgres.hang();
    await pause(FAULT_MS);
    postgres.goOn();
  },
  "a provider that fails": () => provider.play({ mode: "server_error", times: 20 }),
  "a provider that cuts": () => provider.play({ mode: "cut_after", afterTokens: 3, times: 20 }),
  "a provider that hangs": () => provider.play({ mode: "hang", times: 5 }),
  "a brake": async () => {
    const brake = { scope: { tenant: "standard" }, mode: "cut", reason: "a soak of faults", expiresInSeconds: 60 };
    const { id } = await spillway.admin<{ id: string }>("POST", "brakes", brake);
    await pause(FAULT_MS);
    await spillway.admin("DELETE", `brakes/${id}`, { reason: "over" });
  },
};

const CALLS: readonly (() => Promise<unknown>)[] = [
  () => answered(enterprise),
  () => answered(standard, { stream: true, max_tokens: 50 }),
  () => answered(free),
  () => answered(enterprise, { messages: [] }),
  () => answered("sw_live_wrong"),
  () => answered(enterprise, { user: `u${Math.floor(Math.random() * 1e6)}` }),
  () => leaves(enterprise),
  () => fetch(`${spillway.baseUrl}/api/metrics`, { headers: operator() }).then((answer) => answer.text()),
];

const samples: { minute: number; mb: number }[] = [];
const descriptorsAtFirst = await settled();
const began = Date.now();
const running = new Set<Promise<unknown>>();
let made = 0;
let faults = 0;
const names = Object.keys(FAULTS);
const timers = [
  setInterval(() => {
    const call = CALLS[made++ % CALLS.length]?.() ?? Promise.resolve();
    const one: Promise<unknown> = call.catch(() => undefined).finally(() => running.delete(one));
    running.add(one);
  }, CALL_EVERY_MS),
  setInterval(() => samples.push({ minute: (Date.now() - began) / 60_000, mb: memoryMb() }), SAMPLE_MS),
];
while (Date.now() - began < MINUTES * 60_000) {
  const name = names[faults++ % names.length] ?? "";
  await FAULTS[name]?.().catch((error: unknown) => console.log(`soak: ${name}: ${String(error)}`));
  await pause(FAULT_EVERY_MS - FAULT_MS);
}
for (const timer of timers) clearInterval(timer);
await Promise.all(running);

const descriptors = await settled();
const growth = growthPerMinute(samples.filter(({ minute }) => minute > MINUTES * WARM_SHARE));
const output = spillway.process.output();
const strange = output.match(/unhandled|MaxListeners|uncaught/gi)?.length ?? 0;
const bills = await provider.bills();
const rows = await until("every billed call to be booked", booked, 120_000).catch(() => -1);
const slots = (await spillway.quota(enterprise)).find((one) => one.name === "concurrent-calls")?.used ?? 0;
const { intact } = await spillway.admin<{ intact: boolean }>("GET", "audit/verify");
const lines: readonly [what: string, measured: number, wanted: string, isHeld: boolean][] = [
  ["growth of memory, MB a minute", growth, `< ${GROWTH_MB_PER_MINUTE_MAX}`, growth < GROWTH_MB_PER_MINUTE_MAX],
  ["memory at the end, MB", memoryMb(), "<= 400", memoryMb() <= 400],
  [
    "descriptors more than at first",
    descriptors - descriptorsAtFirst,
    `<= ${DESCRIPTORS_MORE_MAX}`,
    descriptors - descriptorsAtFirst <= DESCRIPTORS_MORE_MAX,
  ],
  ["rejections that nobody handled, listeners that pile up", strange, "0", strange === 0],
  ["slots still taken", slots, "0", slots === 0],
  ["calls billed and not booked", rows === -1 ? 1 : 0, "0", rows !== -1],
  ["audit log not intact", intact ? 0 : 1, "0", intact],
];
console.log(`soak: ${MINUTES} min, ${made} calls, ${faults} faults, ${bills.length} billed`);
for (const [what, measured, wanted, isHeld] of lines)
  console.log(`soak: ${what}: ${Math.round(measured * 100) / 100}, wanted ${wanted}${isHeld ? "" : ", NOT HELD"}`);
await spillway.stop();
await provider.stop();
store.disconnect();
await line.stop();
await redis.stop();
process.exit(lines.every(([, , , isHeld]) => isHeld) ? 0 : 1);

function operator() {
  return { authorization: `Bearer ${spillway.demo.operatorToken}` };
}

async function lined(bad: Parameters<BadLine["become"]>[0]): Promise<void> {
  line.become(bad);
  await pause(FAULT_MS);
  line.become({ kind: "passes" });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

async function answered(key: string, body: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const answer = await spillway.chat(key, body, { signal: AbortSignal.timeout(20_000) });
  await answer.arrayBuffer();
}

async function leaves(key: string): Promise<void> {
  const leaving = new AbortController();
  setTimeout(() => leaving.abort(), Math.random() * 200);
  const answer = await spillway.chat(key, { stream: true, max_tokens: 200 }, { signal: leaving.signal });
  await answer.arrayBuffer();
}

function memoryMb(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** Descriptors after the load: the minimum over some seconds, as idle connections end. */
async function settled(): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 12; look++) {
    await pause(1000);
    fewest = Math.min(fewest, fs.readdirSync(`/proc/${pid}/fd`).length);
  }
  return fewest;
}

/** Least squares over the minimum of each ten seconds: more than the minimum is garbage that is not collected yet. */
function growthPerMinute(all: readonly { minute: number; mb: number }[]): number {
  const least = new Map<number, { minute: number; mb: number }>();
  for (const one of all) {
    const span = Math.floor(one.minute * 6);
    if (one.mb < (least.get(span)?.mb ?? Number.POSITIVE_INFINITY)) least.set(span, one);
  }
  const points = [...least.values()];
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(({ minute }) => minute)), mean(points.map(({ mb }) => mb))];
  const above = points.reduce((sum, { minute, mb }) => sum + (minute - x) * (mb - y), 0);
  return above / points.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0);
}

/** The number of rows, if each bill has its own; false = one has none. */
async function booked(): Promise<number | false> {
  const known = new Set<string>();
  for (const tenant of ["enterprise", "standard", "free"]) {
    for (const { requestId } of await everyRow(tenant)) known.add(requestId);
  }
  return bills.every(({ requestId }) => known.has(requestId)) && known.size;
}

async function everyRow(tenant: string): Promise<readonly { requestId: string }[]> {
  const rows: { requestId: string }[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const page: { rows: { requestId: string }[]; next: string | null } = await spillway.admin(
      "GET",
      `ledger?tenant=${tenant}&limit=1000${after === "" ? "" : `&after=${encodeURIComponent(after)}`}`,
    );
    rows.push(...page.rows);
    after = page.next;
  }
  return rows;
}
