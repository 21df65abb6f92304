import { afterAll, beforeAll, expect, test } from "vitest";
import { Fleet } from "../fixtures/fleet";
import { until } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import type { LedgerRow, Spillway } from "../fixtures/spillway";

let fleet: Fleet;
let provider: Provider;

beforeAll(async () => {
  [fleet, provider] = await Promise.all([Fleet.run(2), Provider.run()]);
  await provider.serve(processAt(0));
  const current = await processAt(0).admin<{ limits: { capacity: number }[] }>("GET", "tiers/standard");
  const limits = current.limits.map((limit) => ({ ...limit, capacity: limit.capacity * 1000 }));
  await processAt(0).admin("PUT", "tiers/standard", { ...current, limits, ladder: { reserve: "learned" } });
  await provider.play({ outputTokens: 30 });
});
afterAll(async () => {
  await fleet.stop();
  await provider.stop();
});

function processAt(index: number): Spillway {
  const one = fleet.processes[index];
  if (one === undefined) throw new Error("a fleet of two");
  return one;
}

/** A text that is estimated much larger than it is billed: this provider counts words. */
const TEXT = "hyphenated-words are seldom ".repeat(40);

async function call(at: Spillway): Promise<LedgerRow> {
  const answer = await at.chat(
    processAt(0).demo.keys.standard,
    { max_tokens: 1000, messages: [{ role: "user", content: TEXT }] },
    { headers: { "x-spillway-feature": "learning" } },
  );
  await answer.text();
  return until("the row", () => at.ledgerRow(answer.headers.get("x-request-id") ?? ""));
}

const held = ({ reservedInputTokens, reservedOutputTokens }: LedgerRow) => [reservedInputTokens, reservedOutputTokens];

test("what one process has learned of input and output, the other holds within seconds, and so does the next after a restart", async () => {
  const [first, second] = [processAt(0), processAt(1)];
  const untaught = await call(second);
  expect(held(untaught)).toEqual([untaught.estimatedInputTokens, 1000]);
  expect(untaught.inputTokens).toBeLessThan(untaught.estimatedInputTokens / 2);
  for (let number = 0; number < 25; number++) await call(first);
  const learned = [Math.ceil((untaught.estimatedInputTokens * ratioOf(untaught)) / 1000), 30];
  expect(held(await call(first))).toEqual(learned);
  await until("the other to hold the same", async () => held(await call(second)).join() === learned.join());
  await Promise.all(
    [first, second].map(async (one) => {
      await one.kill("SIGTERM");
      await one.restart();
    }),
  );
  expect(held(await call(second))).toEqual(learned);
  await first.kill("SIGKILL");
  await first.restart();
  expect(held(await call(first))).toEqual(learned);
});

/** Billed input tokens per thousand that were estimated. */
function ratioOf({ inputTokens, estimatedInputTokens }: LedgerRow): number {
  return Math.ceil((inputTokens * 1000) / estimatedInputTokens);
}
