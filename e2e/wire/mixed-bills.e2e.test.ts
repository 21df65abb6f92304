import type http from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { answering, type Came, Scripted } from "../fixtures/scripted";
import { type LedgerRow, Spillway } from "../fixtures/spillway";
import { answerTo } from "./bills/answers";
import { billOf, inputOf, LAST_WORD, makeRandom, type Planned, PRICE, plannedCall } from "./bills/planned";

const CALLS = Number(process.env.CALLS ?? 2000);
const SEED = Number(process.env.SEED ?? 20_261_127);
const AT_ONCE = 24;

type Row = LedgerRow & { cachedInputTokens: number; costLines: { count: number; rate: number }[] };

let spillway: Spillway;
let upstream: Scripted;
const random = makeRandom(SEED);
const calls = Array.from({ length: CALLS }, (_, number) => plannedCall(number, random));
/** the number of the call, by the id under which the provider had it */
const billed = new Map<string, number>();

beforeAll(async () => {
  [spillway, upstream] = await Promise.all([Spillway.run(), Scripted.run()]);
  // It fails many calls on purpose. Left alone after the first of them, it would see few.
  await upstream.serve(spillway, "mix-o", { coolsDown: false });
  await upstream.serve(spillway, "mix-a", { dialect: "anthropic", coolsDown: false });
  for (const model of ["mix-o", "mix-a"]) await spillway.admin("POST", "prices", { model, ...PRICE });
  const tier = await spillway.admin<{ limits: { capacity: number }[] }>("GET", "tiers/enterprise");
  const limits = tier.limits.map((limit) => ({ ...limit, capacity: limit.capacity * 100_000 }));
  await spillway.admin("PUT", "tiers/enterprise", { ...tier, limits });
  upstream.play = serve;
});
afterAll(async () => {
  await spillway.stop();
  upstream.stop();
});

/** The scripted provider: answers each call as it was planned. */
function serve(response: http.ServerResponse, came: Came): void {
  const call = calls[Number(/case-(\d+)/.exec(came.text)?.[1])];
  if (call === undefined) throw new Error(`no plan for ${came.text}`);
  billed.set(String(came.headers["x-request-id"]), call.number);
  const { whole, head, word, tail } = answerTo(call);
  if (call.ending === "refused" || !call.stream) {
    const answer =
      call.ending === "refused" ? answering(call.status, { error: { message: "no" } }) : answering(200, whole);
    answer(response, came);
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const begun = [...head, ...call.words.map(word)].join("");
  if (call.ending === "left") response.write(begun);
  else if (call.ending === "cut") response.write(begun, () => response.destroy());
  else response.end(begun + tail.join(""));
}

function bodyOf({ number, path, model, stream }: Planned): object {
  const said = `case-${number}`;
  if (path === "/v1/embeddings") return { model, input: said };
  if (path === "/v1/responses") return { model, input: said, max_output_tokens: 4000, stream };
  return { model, messages: [{ role: "user", content: said }], max_tokens: 4000, stream };
}

/** Sends a call; one that leaves does so when it has read the last word. */
async function play(call: Planned): Promise<void> {
  const abort = new AbortController();
  const answer = await fetch(`${spillway.baseUrl}${call.path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${spillway.demo.keys.enterprise}`, "content-type": "application/json" },
    body: JSON.stringify(bodyOf(call)),
    signal: abort.signal,
  });
  if (call.ending !== "left") return void (await answer.text());
  let text = "";
  for await (const piece of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    if (text.includes(LAST_WORD)) break;
  }
  abort.abort();
}

test(`${CALLS} calls with usage in every form and every ending are booked as the provider bills them (seed ${SEED})`, async () => {
  let next = 0;
  const worker = async () => {
    for (let call = calls[next++]; call !== undefined; call = calls[next++]) {
      await play(call).catch((error: unknown) => {
        throw new Error(`seed ${SEED}, ${JSON.stringify(call)}`, { cause: error });
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await until("nothing to be held", async () => {
    const lines = await spillway.quota(spillway.demo.keys.enterprise);
    return lines.every(({ reserved, name, used }) => reserved === 0 && (name !== "concurrent-calls" || used === 0));
  });
  expect(billed.size).toBe(CALLS);
  const rows = await until("a row for every call", async () => {
    const answer = await spillway.admin<{ rows: Row[] }>("GET", "ledger?tenant=enterprise&limit=5000");
    return answer.rows.length >= CALLS && answer.rows;
  });
  expect(rows).toHaveLength(CALLS);

  const counted = { charged: 0, billed: 0 };
  const wrong: string[] = [];
  for (const row of rows) {
    const call = calls[billed.get(row.requestId) ?? -1];
    if (call === undefined) throw new Error(`a row that nobody sent: ${row.requestId}`);
    const faults = wrongIn(row, call);
    if (faults.length > 0) wrong.push(`${faults.join("; ")}: ${JSON.stringify({ call, row })}`);
    if (call.ending === "complete" || call.ending === "refused") continue;
    counted.charged += row.outputTokens;
    counted.billed += call.parts.text;
  }
  expect(wrong.slice(0, 5), `${wrong.length} rows, seed ${SEED}`).toEqual([]);
  expect(counted.billed).toBeGreaterThan(0);
  // The bound for what was cut, or told no usage: two in a hundred.
  expect(Math.abs(counted.charged - counted.billed) / counted.billed, JSON.stringify(counted)).toBeLessThanOrEqual(
    0.02,
  );
}, 240_000);

/** What of a row is not as the provider bills it. */
function wrongIn(row: Row, { ending, parts, isTool }: Planned): string[] {
  const sum = row.costLines.reduce((total, { count, rate }) => total + BigInt(count) * BigInt(rate), 0n);
  const ofLines = Number((sum + 999_999n) / 1_000_000n);
  const found = (what: string, got: unknown, expected: unknown) =>
    got === expected ? [] : [`${what}: ${String(got)}, not ${String(expected)}`];
  const money = found("cost of its lines", ofLines, row.costMicroUsd);
  if (ending === "refused") {
    return [...money, ...found("source", row.usageSource, "none"), ...found("cost", row.costMicroUsd, 0)];
  }
  if (ending === "uncounted") {
    const source = found("source", row.usageSource, "counted");
    return [...money, ...source, ...(isTool ? [] : found("output", row.outputTokens, parts.text))];
  }
  if (ending !== "complete") {
    return [...money, ...found("ending", row.ending, ending === "cut" ? "upstream_cut" : "client_abort")];
  }
  return [
    ...money,
    ...found("ending", row.ending, "complete"),
    ...found("source", row.usageSource, "provider"),
    ...found("input", row.inputTokens, inputOf(parts)),
    ...found("cached", row.cachedInputTokens, parts.cached),
    ...found("output", row.outputTokens, parts.text + parts.reasoning),
    ...found("cost", row.costMicroUsd, billOf(parts)),
  ];
}
