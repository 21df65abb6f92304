import { afterAll, beforeAll, expect, test } from "vitest";
import { Fleet } from "../fixtures/fleet";
import { until } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import type { LedgerRow, Spillway } from "../fixtures/spillway";

const CAPACITY = 400;
const CALLERS = 12;
/** Edits of a tier while calls run. */
const EDITS = Number(process.env.EDITS ?? 8);

let fleet: Fleet;
let provider: Provider;

beforeAll(async () => {
  [fleet, provider] = await Promise.all([Fleet.run(4, { LEASE_SECONDS: "1" }), Provider.run()]);
  await provider.serve(processAt(0));
});
afterAll(async () => {
  await fleet.stop();
  await provider.stop();
});

function processAt(index: number): Spillway {
  const one = fleet.processes[index];
  if (one === undefined) throw new Error("a fleet of four");
  return one;
}

type Tier = { version: number; limits: { name: string; capacity: number; windowSeconds: number | null }[] };

/** A budget of calls that does not come back while the test runs; everything else out of the way. */
async function callBudget(tier: string): Promise<void> {
  const current = await processAt(0).admin<Tier>("GET", `tiers/${tier}`);
  const limits = current.limits.map((limit) => ({
    ...limit,
    ...(limit.name === "requests-per-minute"
      ? { capacity: CAPACITY, refill: 1, windowSeconds: 31_000_000 }
      : { capacity: limit.capacity * 1000 }),
  }));
  await processAt(0).admin("PUT", `tiers/${tier}`, { ...current, limits });
}

test("four processes admit together what one would, and the books are right when two of them are restarted under load", async () => {
  await callBudget("standard");
  const key = processAt(0).demo.keys.standard;
  const counted = { admitted: new Set<string>(), refused: 0, lost: 0, other: [] as number[] };
  const caller = async (number: number) => {
    for (let call = 0; call < 1000 && counted.refused < 40; call++) {
      try {
        const answer = await processAt((number + call) % 4).chat(key, { stream: call % 3 === 0 });
        await answer.text();
        if (answer.status === 200) counted.admitted.add(answer.headers.get("x-request-id") ?? "");
        else if (answer.status === 429) counted.refused += 1;
        else counted.other.push(answer.status);
      } catch {
        // The process it asked is not there at the moment.
        counted.lost += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const callers = Array.from({ length: CALLERS }, (_, number) => caller(number));
  await until("the load to be under way", () => counted.admitted.size >= 60);
  await processAt(1).kill("SIGTERM");
  await processAt(1).restart();
  await processAt(2).kill("SIGKILL");
  await processAt(2).restart();
  await Promise.all(callers);

  expect(counted.other).toEqual([]);
  const ledger = () => processAt(3).admin<{ rows: LedgerRow[] }>("GET", "ledger?tenant=standard&limit=1000");
  // Calls whose answer was lost with its process were admitted anyway: they are in the ledger too.
  const rows = await until("every admitted call to be booked", async () => {
    const { rows } = await ledger();
    const known = new Set(rows.map((row) => row.requestId));
    return rows.length >= CAPACITY && [...counted.admitted].every((id) => known.has(id)) ? rows : null;
  });
  expect(rows).toHaveLength(CAPACITY);
  expect(counted.admitted.size).toBeLessThanOrEqual(CAPACITY);
  const bills = new Map((await provider.bills()).map((bill) => [bill.requestId, bill]));
  for (const row of rows.filter((one) => one.ending === "complete")) {
    const { inputTokens, outputTokens } = bills.get(row.requestId) ?? { inputTokens: -1, outputTokens: -1 };
    expect({ inputTokens: row.inputTokens, outputTokens: row.outputTokens }).toEqual({ inputTokens, outputTokens });
  }
  // Nothing reached the provider that is not in the books.
  const booked = new Set(rows.map((row) => row.requestId));
  expect([...bills.keys()].filter((id) => !booked.has(id))).toEqual([]);
  // A row of a dead process is written before its slot is given back.
  await until("every slot to be free", async () => {
    const quota = await Promise.all([0, 1, 2, 3].map((index) => processAt(index).quota(key)));
    return quota.every((lines) => lines.find((line) => line.name === "concurrent-calls")?.used === 0);
  });
  for (const lines of await Promise.all([0, 1, 2, 3].map((index) => processAt(index).quota(key))))
    expect(lines.find((line) => line.name === "requests-per-minute")).toMatchObject({ used: CAPACITY, remaining: 0 });
});

test("from the press of a brake to the refusal at each of four processes", async () => {
  const key = processAt(0).demo.keys.enterprise;
  const order = { scope: { tenant: "enterprise" }, mode: "block", reason: "how fast is it", expiresInSeconds: 60 };
  const took: number[] = [];
  for (let round = 0; round < 4; round++) {
    const began = performance.now();
    const { id } = await processAt(round).admin<{ id: string }>("POST", "brakes", order);
    // The first call after the answer is refused, wherever it comes in.
    const answers = await Promise.all(
      [0, 1, 2, 3].map(async (index) => {
        const { status } = await processAt(index).chat(key);
        took.push(performance.now() - began);
        return status;
      }),
    );
    expect(answers).toEqual([503, 503, 503, 503]);
    await processAt(round).admin("DELETE", `brakes/${id}`, {});
    expect((await processAt(round + 1 > 3 ? 0 : round + 1).chat(key)).status).toBe(200);
  }
  process.stdout.write(
    `from the press of a brake to the refusal: ${Math.min(...took).toFixed(0)} to ${Math.max(...took).toFixed(0)} ms over ${took.length} refusals\n`,
  );
});

/** What an answer's limits are above the two numbers that each edit raises by one. */
function versionsOf(answer: Response): number[] {
  const policy = answer.headers.get("ratelimit-policy") ?? "";
  const told = (name: string) => Number(new RegExp(`"${name}";q=(\\d+)`).exec(policy)?.[1]);
  return [told("requests-per-minute") - MANY, told("tokens-per-minute") - MANY];
}

const MANY = 1_000_000_000;

test("edits under load: each call is judged by exactly one version, and by the newest that was answered before it came", async () => {
  const key = processAt(0).demo.keys.enterprise;
  const edit = async (index: number, number: number) => {
    const tier = await processAt(index).admin<Tier>("GET", "tiers/enterprise");
    const limits = tier.limits.map((limit) => ({
      ...limit,
      ...(limit.name.endsWith("-per-minute") ? { capacity: MANY + number, refill: MANY } : {}),
      ...(limit.name === "concurrent-calls" ? { capacity: 1000 } : {}),
    }));
    await processAt(index).admin("PUT", "tiers/enterprise", { ...tier, limits });
  };
  await edit(0, 0);
  let sent = 0;
  let answered = 0;
  const judged: { before: number; versions: number[]; after: number }[] = [];
  const caller = async (number: number) => {
    for (let call = 0; answered < EDITS; call++) {
      const before = answered;
      const answer = await processAt((number + call) % 4).chat(key);
      await answer.text();
      expect(answer.status).toBe(200);
      judged.push({ before, versions: versionsOf(answer), after: sent });
    }
  };
  const callers = Array.from({ length: CALLERS }, (_, number) => caller(number));
  for (let number = 1; number <= EDITS; number++) {
    sent = number;
    await edit(number % 4, number);
    answered = number;
  }
  await Promise.all(callers);
  const wrong = judged.filter(
    ({ before, versions: [requests = -1, tokens], after }) =>
      requests !== tokens || requests < before || requests > after,
  );
  process.stdout.write(`edits under load: ${EDITS} edits, ${judged.length} calls, ${wrong.length} by no one version\n`);
  expect(wrong).toEqual([]);
});
