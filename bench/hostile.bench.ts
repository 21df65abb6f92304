import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import { freePort } from "../e2e/fixtures/process";
import { Provider } from "../e2e/fixtures/simulator";
import { Spillway } from "../e2e/fixtures/spillway";
import { ATTACK_KINDS, type AttackKind, attack, isKind } from "../e2e/hostile/attacks";
import { GOOD_EVERY_MS, goodCalls } from "./hostile/good-calls";

/**
 * The effect of a hundred hostile connections of one key on all others, kind by kind: the process's memory and event
 * loop, and another tenant's calls before and during the attack. The attackers are a separate process, on the same
 * cores. The baseline is a bare proxy in front of the same provider under the same attack: what it adds to a call is
 * the attackers' share of the machine, and what any server in Node pays. `--seconds 20`, `--kind "deep JSON"`,
 * `--connections 100`, `--no-baseline`.
 */
const option = (name: string, usual: string) => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? usual : (process.argv[at + 1] ?? usual);
};
const CONNECTIONS = Number(option("connections", "100"));
const SECONDS = Number(option("seconds", "60"));
const BEFORE_SECONDS = Number(option("before", "10"));
const RSS_MB_MAX = 400;
const LOOP_MS_MAX = 50;
const ADDED_MS_MAX = 50;

const attacking = option("attack", "");
if (isKind(attacking)) await attackForEver(attacking, option("url", ""), option("key", ""));
else await measureAll();
process.exit(0);

async function attackForEver(kind: AttackKind, url: string, key: string): Promise<void> {
  const one = attack(kind);
  const life = async () => {
    const { signal } = new AbortController();
    for (;;) {
      const status = await one({ url, key, signal });
      process.stdout.write(`${status}\n`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, life));
}

async function measureAll(): Promise<void> {
  const only = option("kind", "");
  const rows: Row[] = [];
  for (const kind of ATTACK_KINDS.filter((one) => only === "" || one === only)) {
    const row = await measure(kind);
    rows.push(row);
    process.stdout.write(`${JSON.stringify(row)}\n`);
  }
  console.log(
    `\n${CONNECTIONS} connections of one key, ${SECONDS} s each; a call of another tenant every ${GOOD_EVERY_MS} ms\n`,
  );
  console.table(rows.map(({ answers: _answers, slowest: _slowest, ...row }) => row));
  console.log(
    `wanted: RSS <= ${RSS_MB_MAX} MB, loop p99 <= ${LOOP_MS_MAX} ms, good p99 <= +${ADDED_MS_MAX} ms, none refused`,
  );
  if (process.argv.includes("--json")) console.log(JSON.stringify(rows));
}

type Row = Awaited<ReturnType<typeof measure>>;

async function measure(kind: AttackKind) {
  const [spillway, provider] = await Promise.all([Spillway.run(), Provider.run()]);
  await provider.serve(spillway);
  for (const tier of ["standard", "enterprise"]) await lift(spillway, tier);
  const { enterprise: hostile, standard: good } = spillway.demo.keys;
  const ask = () => spillway.chat(good);
  await goodCalls(ask, 3);
  const before = await goodCalls(ask, BEFORE_SECONDS);
  const restMb = watchMemory(spillway.process.child.pid ?? 0)();
  const { attackers, answers } = startAttack(kind, spillway.baseUrl, hostile);
  await loopP99Ms(spillway);
  const memory = watchMemory(spillway.process.child.pid ?? 0);
  const during = await goodCalls(ask, SECONDS);
  const [loopMs, heapMb, outsideMb] = await Promise.all([
    loopP99Ms(spillway),
    megabytes(spillway, "nodejs_heap_size_total_bytes"),
    megabytes(spillway, "nodejs_external_memory_bytes"),
  ]);
  const rssMb = memory();
  attackers.kill("SIGKILL");
  await spillway.stop();
  const isCompared = !process.argv.includes("--no-baseline");
  const bareAddedMs = isCompared ? await addedToBare(kind, provider.url, hostile) : Number.NaN;
  await provider.stop();
  const addedMs = during.p99 - before.p99;
  return {
    kind,
    restMb,
    rssMb,
    heapMb,
    outsideMb,
    loopP99Ms: loopMs,
    goodP99Before: before.p99,
    goodP99During: during.p99,
    addedMs,
    bareAddedMs,
    goodCalls: during.calls,
    goodRefused: during.refused,
    goodFailed: during.failed,
    answers: Object.fromEntries(answers),
    slowest: during.slowest.map(({ second, ms }) => `${ms} ms at ${second} s`),
  };
}

/** ms that the same attack on a bare proxy adds to the p99 of calls through it. NaN: that proxy served none. */
async function addedToBare(kind: AttackKind, upstream: string, key: string): Promise<number> {
  const port = await freePort();
  const bare = spawn(process.execPath, ["bench/processes/bare-proxy.mjs", String(port), upstream], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.once("exit", () => bare.kill("SIGKILL"));
  await new Promise((resolve) => bare.stdout.once("data", resolve));
  const url = `http://127.0.0.1:${port}`;
  const body = JSON.stringify({ model: "sim-small", max_tokens: 16, messages: [{ role: "user", content: "hello" }] });
  const headers = { "content-type": "application/json" };
  const ask = () => fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
  const before = await goodCalls(ask, BEFORE_SECONDS);
  const { attackers } = startAttack(kind, url, key);
  const during = await goodCalls(ask, SECONDS);
  attackers.kill("SIGKILL");
  bare.kill("SIGKILL");
  return during.refused === during.calls ? Number.NaN : during.p99 - before.p99;
}

async function lift(spillway: Spillway, tier: string): Promise<void> {
  type Tier = { limits: { capacity: number }[] };
  const known = await spillway.admin<Tier>("GET", `tiers/${tier}`);
  // As in the gateway's bench: limits are not measured here.
  const limits = known.limits.map((limit) => ({ ...limit, capacity: 1e12 }));
  await spillway.admin("PUT", `tiers/${tier}`, { ...known, limits });
}

function startAttack(
  kind: AttackKind,
  url: string,
  key: string,
): { attackers: ChildProcess; answers: Map<string, number> } {
  const self = process.argv[1] ?? "";
  const args = ["--attack", kind, "--url", url, "--key", key, "--connections", String(CONNECTIONS)];
  const attackers = spawn(process.execPath, [self, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const answers = new Map<string, number>();
  attackers.stdout.on("data", (chunk) => {
    for (const status of String(chunk).trim().split("\n")) answers.set(status, (answers.get(status) ?? 0) + 1);
  });
  process.once("exit", () => attackers.kill("SIGKILL"));
  return { attackers, answers };
}

/** Since the last read. */
async function loopP99Ms(spillway: Spillway): Promise<number> {
  return Math.round((await figure(spillway, "nodejs_eventloop_lag_p99_seconds")) * 1000);
}

async function megabytes(spillway: Spillway, name: string): Promise<number> {
  return Math.round((await figure(spillway, name)) / 1024 / 1024);
}

async function figure(spillway: Spillway, name: string): Promise<number> {
  const headers = { authorization: `Bearer ${spillway.demo.operatorToken}` };
  const text = await (await fetch(`${spillway.baseUrl}/api/metrics`, { headers })).text();
  return Number(new RegExp(`^spillway_${name} (\\S+)`, "m").exec(text)?.[1]);
}

/** Starts to watch; the result ends it with the maximum seen, in MB. */
function watchMemory(pid: number): () => number {
  let most = 0;
  const look = () => {
    const kb = Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
    most = Math.max(most, kb);
  };
  look();
  const timer = setInterval(look, 100);
  return () => {
    clearInterval(timer);
    return Math.round(most / 1024);
  };
}
