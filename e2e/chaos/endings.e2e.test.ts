import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { type Bill, Provider } from "../fixtures/simulator";
import { type LedgerRow, Spillway } from "../fixtures/spillway";

const CALLS = Number(process.env.CALLS ?? 2000);
const AT_ONCE = 24;
/** A quarter of all calls, on a machine that runs much else at the same time. */
const LONG_MS = 200_000;
const SEED = Number(process.env.SEED ?? 20_261_121);

let spillway: Spillway;
let provider: Provider;

beforeAll(async () => {
  const waits = { UPSTREAM_HEADERS_SECONDS: "0.3", UPSTREAM_IDLE_SECONDS: "0.3" };
  [spillway, provider] = await Promise.all([Spillway.run(waits), Provider.run()]);
  // Most calls fail here: the providers get each of them anyway.
  await provider.serve(spillway, { coolsDown: false });
  const address = { baseUrl: `${provider.url}/v1`, allowLocal: true, coolsDown: false };
  const settings = { name: "The other wire", dialect: "anthropic", ...address };
  await spillway.admin("PUT", "providers/other", settings);
  const sizes = { contextTokens: 200_000, maxOutputTokens: 8192, defaultOutputTokens: 512 };
  const price = { inputMicroUsdPerMillion: 3_000_000, outputMicroUsdPerMillion: 15_000_000 };
  await spillway.admin("PUT", "models/other", { provider: "other", upstreamName: "sim-large", ...sizes, price });
  const tier = await spillway.admin<{ limits: { capacity: number }[] }>("GET", "tiers/enterprise");
  const limits = tier.limits.map((limit) => ({ ...limit, capacity: limit.capacity * 100_000 }));
  await spillway.admin("PUT", "tiers/enterprise", { ...tier, limits });
});
afterAll(async () => {
  await spillway.stop();
  await provider.stop();
});

/** A small generator of its own, so that a seed repeats a run: mulberry32. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const random = makeRandom(SEED);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] ?? list[0] ?? fail();
function fail(): never {
  throw new Error("nothing to pick from");
}

const NORMAL = { mode: "normal" };
/** Twice as many plain ones as of each other kind. */
const SCENARIOS = [
  NORMAL,
  NORMAL,
  NORMAL,
  { mode: "rate_limited" },
  { mode: "server_error" },
  { mode: "cut_after" },
  { mode: "garbage_after" },
  { mode: "hang_after" },
  { mode: "hang" },
  { mode: "no_usage" },
] as const;
const WORDS = "water river lake dam gate flow level flood spring rain".split(" ");
const WAYS = [
  { path: "/v1/chat/completions", model: "sim-small" },
  { path: "/v1/chat/completions", model: "other" },
  { path: "/v1/messages", model: "sim-small" },
  { path: "/v1/messages", model: "other" },
  { path: "/v1/responses", model: "sim-small" },
] as const;

type Planned = { path: string; body: Record<string, unknown>; leavesAfter: number | null; mode: string };

function planned(): Planned {
  const scenario = pick(SCENARIOS);
  const { path, model } = pick(WAYS);
  const stream =
    scenario.mode !== "hang_after" && scenario.mode !== "cut_after" && scenario.mode !== "garbage_after"
      ? random() < 0.6
      : true;
  const most = 10 + Math.floor(random() * 60);
  const text = Array.from({ length: 40 + Math.floor(random() * 80) }, () => pick(WORDS)).join(" ");
  const afterTokens = Math.floor(random() * 9);
  const sim = {
    ...scenario,
    afterTokens,
    outputTokens: 1 + Math.floor(random() * 60),
    tokenMs: random() < 0.3 ? 1 : 0,
  };
  const said = `${text} sim:${JSON.stringify(sim)}`;
  const body =
    path === "/v1/responses"
      ? { model, input: said, max_output_tokens: most, stream }
      : { model, messages: [{ role: "user", content: said }], max_tokens: most, stream };
  // One in six streams is left in the middle, after so many reads.
  const leavesAfter = stream && random() < 0.17 ? Math.floor(random() * 4) : null;
  return { path, body, leavesAfter, mode: scenario.mode };
}

async function play({ path, body, leavesAfter }: Planned): Promise<void> {
  const abort = new AbortController();
  const headers = { authorization: `Bearer ${spillway.demo.keys.enterprise}`, "content-type": "application/json" };
  try {
    const send = () =>
      fetch(`${spillway.baseUrl}${path}`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
        signal: abort.signal,
      });
    let answer = await send();
    // While the operator's brake is on, nothing is served: this call comes again.
    while (answer.status === 503) {
      await answer.text();
      await new Promise((resolve) => setTimeout(resolve, 10));
      answer = await send();
    }
    const reader = answer.body?.getReader();
    for (let reads = 0; reader !== undefined; reads++) {
      if (leavesAfter !== null && reads >= leavesAfter) return abort.abort();
      if ((await reader.read()).done) break;
    }
  } catch {
    // It left, or the connection broke: both are endings.
  }
}

test(`${CALLS} calls that end in every way: the books say what the provider billed, and nothing stays held (seed ${SEED})`, async () => {
  const calls = Array.from({ length: CALLS }, planned);
  let next = 0;
  const worker = async () => {
    for (let call = calls[next++]; call !== undefined; call = calls[next++]) await play(call);
  };
  const workers = Array.from({ length: AT_ONCE }, worker);
  // Now and then the operator cuts everything that runs.
  for (let cut = 1; cut <= 3; cut++) {
    await until("the next cut", () => next > (CALLS * cut) / 4, LONG_MS);
    const order = { scope: { tenant: "enterprise" }, mode: "cut", reason: "in the middle", expiresInSeconds: 60 };
    const { id } = await spillway.admin<{ id: string }>("POST", "brakes", order);
    await spillway.admin("DELETE", `brakes/${id}`, {});
  }
  await Promise.all(workers);

  await until("nothing to be held", async () => {
    const lines = await spillway.quota(spillway.demo.keys.enterprise);
    return lines.find((line) => line.name === "concurrent-calls")?.used === 0;
  });
  const bills = new Map((await provider.bills()).map((bill) => [bill.requestId, bill]));
  const rows = await until("a row for every bill", async () => {
    const known = await allRows();
    return [...bills.keys()].every((id) => known.has(id)) ? known : null;
  });

  const sums = { complete: sumOf(), cut: sumOf() };
  for (const [id, row] of rows) {
    const bill = bills.get(id);
    if (row.usageSource === "none") continue;
    if (bill === undefined) {
      // Broken off while it was being sent: the provider may have had all of it, so its input is owed, and no more.
      expect([id, ["brake_cut", "client_abort", "upstream_timeout"].includes(row.ending), row.outputTokens]).toEqual([
        id,
        true,
        0,
      ]);
      continue;
    }
    const isExact = row.ending === "complete" && row.usageSource === "provider";
    if (isExact) expect([id, row.inputTokens, row.outputTokens]).toEqual([id, bill.inputTokens, bill.outputTokens]);
    if (isExact) add(sums.complete, row, bill);
    // Not compared: what a provider went on to bill after it had sent garbage, and calls that it never began to work on.
    else if (row.ending !== "upstream_protocol_error" && bill.inputTokens > 0) add(sums.cut, row, bill);
  }
  // Charged nothing: only where the provider billed nothing.
  for (const [id, row] of rows) {
    const bill = bills.get(id);
    if (row.usageSource === "none" && bill !== undefined)
      expect([id, row.ending, bill.outputTokens]).toEqual([id, row.ending, 0]);
  }
  const counts: Record<string, number> = {};
  for (const { ending } of rows.values()) counts[ending] = (counts[ending] ?? 0) + 1;
  console.log(JSON.stringify({ rows: rows.size, counts, sums }));
  expect(Object.keys(counts).sort()).toEqual(
    [
      "brake_cut",
      "client_abort",
      "complete",
      "upstream_cut",
      "upstream_protocol_error",
      "upstream_refused",
      "upstream_timeout",
    ].sort(),
  );
  expect(sums.complete.charged).toBe(sums.complete.billed);
  expect(Math.abs(sums.cut.charged - sums.cut.billed) / sums.cut.billed).toBeLessThan(0.02);
}, 240_000);

type Sum = { calls: number; charged: number; billed: number };
const sumOf = (): Sum => ({ calls: 0, charged: 0, billed: 0 });

function add(sum: Sum, row: LedgerRow, bill: Bill): void {
  sum.calls += 1;
  sum.charged += row.inputTokens + row.outputTokens;
  sum.billed += bill.inputTokens + bill.outputTokens;
}

/** The whole ledger, page by page; it is listed newest first. */
async function allRows(): Promise<Map<string, LedgerRow>> {
  const all = new Map<string, LedgerRow>();
  for (let after = ""; ; ) {
    type Page = { rows: LedgerRow[]; next: string | null };
    const { rows, next } = await spillway.admin<Page>("GET", `ledger?tenant=enterprise&limit=5000${after}`);
    for (const row of rows) all.set(row.requestId, row);
    if (next === null) return all;
    after = `&after=${next}`;
  }
}
