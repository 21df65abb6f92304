import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Fleet } from "../fixtures/fleet";
import { until } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import type { Spillway } from "../fixtures/spillway";

/** A longer run by MIXED_CALLS. */
const CALLS = Number(process.env.MIXED_CALLS ?? 3000);
const PROCESSES = 4;
const CALLERS = 48;
const CAPACITY = 6000;
const REFILL_PER_SECOND = 3000;
/** After a call's end in the books its settlement reaches the store; a busy machine takes its time. */
const SETTLED_MS = 3000;

let fleet: Fleet;
let provider: Provider;
beforeAll(async () => {
  [fleet, provider] = await Promise.all([Fleet.run(PROCESSES), Provider.run()]);
  await provider.serve(processAt(0));
  type Tier = { limits: { name: string; dimension: string; layer: string; algorithm: string; capacity: number }[] };
  const tier = await processAt(0).admin<Tier>("GET", "tiers/standard");
  const wide = tier.limits.map((limit) => ({ ...limit, capacity: limit.capacity * 100_000 }));
  const bound = {
    name: "tokens-bound",
    layer: "tenant",
    dimension: "total_tokens",
    algorithm: "token_bucket",
    capacity: CAPACITY,
    refill: REFILL_PER_SECOND,
    windowSeconds: 1,
  };
  await processAt(0).admin("PUT", "tiers/standard", { ...tier, limits: [...wide, bound] });
});
afterAll(async () => {
  await fleet.stop();
  await provider.stop();
});

function processAt(index: number): Spillway {
  const one = fleet.processes[index % PROCESSES];
  if (one === undefined) throw new Error("a fleet of four");
  return one;
}

type Refused = { readonly at: number; readonly asked: number };
type Booked = { at: number; reserved: number; used: number; endedAt: number };

/** One call of a mix: whole, streamed, left in the middle, or failed by the provider. */
async function call(number: number, refused: Refused[]): Promise<void> {
  const key = processAt(0).demo.keys.standard;
  const abort = new AbortController();
  const asked = 40 + ((number * 7919) % 400);
  const leaves = number % 11 === 0;
  const body = { stream: number % 3 === 0, max_tokens: asked };
  const answer = await processAt(number).chat(key, body, { signal: abort.signal });
  if (answer.status === 429) {
    const { error } = await answer.json();
    refused.push({ at: Date.parse(error.reset_at) - error.retry_after_seconds * 1000, asked: error.asked });
  } else if (leaves) abort.abort();
  else await answer.text();
  if (answer.status !== 200 && answer.status !== 429) throw new Error(`unexpected status ${answer.status}`);
}

async function booked(): Promise<Booked[]> {
  const client = new pg.Client({ connectionString: fleet.databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ at: Date; reserved: number; used: number; ended: Date }>(
      `select admitted_at as at, ended_at as ended, input_tokens + output_tokens as used,
              coalesce(reserved_input_tokens, estimated_input_tokens) + reserved_output_tokens as reserved
       from ledger order by admitted_at`,
    );
    return rows.map(({ at, ended, reserved, used }) => ({
      at: at.getTime(),
      endedAt: ended.getTime(),
      reserved,
      used,
    }));
  } finally {
    await client.end();
  }
}

test(`${CALLS} mixed calls over HTTP through ${PROCESSES} processes: nothing too much, nothing too little`, {
  timeout: 900_000,
}, async () => {
  const refused: Refused[] = [];
  let [next, left] = [0, 0];
  const caller = async () => {
    while (next < CALLS) {
      next += 1;
      await call(next, refused).catch((error: unknown) => {
        if (!(error instanceof Error) || error.name !== "AbortError") throw error;
        left += 1;
      });
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const calls = await until("every admitted call to be booked", async () => {
    const rows = await booked();
    return rows.length >= CALLS - refused.length ? rows : null;
  });
  expect(calls.length).toBe(CALLS - refused.length);
  expect(refused.length).toBeGreaterThan(CALLS / 100);
  expect(calls.filter(({ reserved, used }) => used > reserved)).toEqual([]);

  let excess = Number.NEGATIVE_INFINITY;
  for (const [index, last] of calls.entries()) {
    let used = 0;
    for (let at = index; at >= 0 && last.at - (calls[at]?.at ?? 0) < 60_000; at--) {
      used += calls[at]?.used ?? 0;
      excess = Math.max(excess, used - CAPACITY - ((last.at - (calls[at]?.at ?? 0)) * REFILL_PER_SECOND) / 1000);
    }
  }
  let wronglyRefused = 0;
  for (const { at: now, asked } of refused) {
    let [known, over] = [asked, asked - CAPACITY];
    for (let at = calls.findLastIndex((one) => one.at <= now); at >= 0; at--) {
      const one = calls[at];
      if (one === undefined || now - one.at > 60_000) break;
      known += one.endedAt + SETTLED_MS < now ? one.used : one.reserved;
      over = Math.max(over, known - CAPACITY - ((now - one.at) * REFILL_PER_SECOND) / 1000);
    }
    if (over <= -1e-6) wronglyRefused += 1;
  }
  process.stdout.write(
    `mixed load: ${calls.length} admitted, ${refused.length} refused, ${left} left; excess ${excess.toFixed(3)}, wrongly refused ${wronglyRefused}\n`,
  );
  expect(excess).toBeLessThanOrEqual(1e-6);
  expect(wronglyRefused).toBe(0);
});
