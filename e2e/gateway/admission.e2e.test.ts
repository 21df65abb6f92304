import { afterAll, beforeAll, expect, test } from "vitest";
import { Provider } from "../fixtures/simulator";
import { type QuotaLine, Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let provider: Provider;

beforeAll(async () => {
  [spillway, provider] = await Promise.all([Spillway.run(), Provider.run()]);
  await provider.serve(spillway);
});
afterAll(async () => {
  await spillway.stop();
  await provider.stop();
});

type Tier = {
  version: number;
  limits: { name: string; algorithm: string; capacity: number }[];
};

/** Buckets leak and days end while a test looks at them: these leak so slowly that nobody can see it, and never end. */
const SLOWLY = { algorithm: "token_bucket", calendarPeriod: null, refill: 1, windowSeconds: 31_000_000 };

async function setLimits(tier: string, capacities: Readonly<Record<string, number>>): Promise<void> {
  const current = await spillway.admin<Tier>("GET", `tiers/${tier}`);
  const limits = current.limits.map((limit) => ({
    ...limit,
    capacity: capacities[limit.name] ?? limit.capacity,
    ...(limit.algorithm === "concurrency" ? {} : SLOWLY),
  }));
  await spillway.admin("PUT", `tiers/${tier}`, { ...current, limits });
}

const used = (lines: readonly QuotaLine[]) => Object.fromEntries(lines.map((line) => [line.name, line.used]));

test("two refused calls leave every counter of every other layer as it was", async () => {
  await setLimits("standard", { "requests-per-minute": 2 });
  const key = spillway.demo.keys.standard;
  expect((await spillway.chat(key)).status).toBe(200);
  expect((await spillway.chat(key)).status).toBe(200);
  const before = used(await spillway.quota(key));
  for (let call = 0; call < 2; call++) {
    const response = await spillway.chat(key);
    expect(response.status).toBe(429);
    expect((await response.json()).error).toMatchObject({
      layer: "tenant",
      dimension: "requests",
      limit_name: "requests-per-minute",
    });
  }
  expect(used(await spillway.quota(key))).toEqual(before);
});

test("fifty calls at once against room for seven: seven are admitted, and the tokens are those of seven", async () => {
  await setLimits("enterprise", { "requests-per-minute": 7 });
  const key = spillway.demo.keys.enterprise;
  const answers = await Promise.all(Array.from({ length: 50 }, () => spillway.chat(key)));
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(7);
  expect(answers.filter((answer) => answer.status === 429)).toHaveLength(43);
  const billed = (await provider.bills())
    .slice(-7)
    .reduce((sum, bill) => sum + bill.inputTokens + bill.outputTokens, 0);
  expect(used(await spillway.quota(key))).toMatchObject({
    "requests-per-minute": 7,
    "tokens-per-minute": billed,
    "concurrent-calls": 0,
  });
});

test("a concurrency limit refuses the call beyond it, with nothing spent, and the slot comes back", async () => {
  await setLimits("free", { "requests-per-minute": 100, "tokens-per-minute": 100_000 });
  const key = spillway.demo.keys.free;
  await provider.play({ mode: "hang_after", afterTokens: 1, times: 2 });
  const abort = new AbortController();
  const running = await Promise.all([1, 2].map(() => spillway.chat(key, { stream: true }, { signal: abort.signal })));
  expect(running.map((answer) => answer.status)).toEqual([200, 200]);
  const before = used(await spillway.quota(key));
  const third = await spillway.chat(key);
  expect([third.status, third.headers.get("retry-after")]).toEqual([429, "1"]);
  expect((await third.json()).error).toMatchObject({
    type: "concurrent_requests",
    dimension: "concurrency",
    limit: 2,
    remaining: 0,
  });
  expect(used(await spillway.quota(key))).toEqual(before);
  abort.abort();
  await expect.poll(async () => (await spillway.chat(key)).status, { timeout: 10_000 }).toBe(200);
});

test("a call larger than the limit can ever be is 400 with the numbers, not 429", async () => {
  await setLimits("free", { "tokens-per-minute": 1000 });
  const response = await spillway.chat(spillway.demo.keys.free, { max_tokens: 5000 });
  expect(response.status).toBe(400);
  expect(response.headers.get("retry-after")).toBeNull();
  expect((await response.json()).error).toMatchObject({
    code: "request_exceeds_limit",
    limit: 1000,
    dimension: "total_tokens",
  });
});

test("an edited limit is obeyed by the next call, and what was used is kept", async () => {
  const key = spillway.demo.keys.enterprise;
  expect((await spillway.chat(key)).status).toBe(429);
  await setLimits("enterprise", { "requests-per-minute": 8 });
  expect((await spillway.chat(key)).status).toBe(200);
  expect((await spillway.chat(key)).status).toBe(429);
  // A lowered limit counts as just used up: it locks nobody out beyond its own size.
  await setLimits("enterprise", { "requests-per-minute": 3 });
  const { error } = await (await spillway.chat(key)).json();
  expect(error).toMatchObject({ used: 3, limit: 3, remaining: 0 });
  // Raised again, it has forgotten nothing.
  await setLimits("enterprise", { "requests-per-minute": 9 });
  expect((await spillway.chat(key)).status).toBe(200);
  expect((await spillway.chat(key)).status).toBe(429);
});

test("an edit with a stale version is refused with the current tier; a wrong one in words; neither changes anything", async () => {
  const tier = await spillway.admin<Tier>("GET", "tiers/standard");
  const stale = await spillway.admin("PUT", "tiers/standard", { ...tier, version: tier.version - 1 }, [409]);
  expect(stale).toMatchObject({ title: "conflict", current: { version: tier.version } });
  const wrong = await spillway.admin(
    "PUT",
    "tiers/standard",
    { ...tier, limits: [{ ...tier.limits[0], windowSeconds: null }] },
    [400],
  );
  expect(wrong.detail).toContain("token_bucket needs windowSeconds");
  const unknown = await spillway.admin(
    "PUT",
    "tiers/standard",
    { ...tier, limits: [{ ...tier.limits[0], spent: 0 }] },
    [400],
  );
  expect(unknown).toMatchObject({ title: "unknown_field" });
  expect(await spillway.admin("GET", "tiers/standard")).toEqual(tier);
});

test("the operator's quota is the caller's, number by number", async () => {
  const key = spillway.demo.keys.standard;
  const shown = await spillway.admin<{ limits: QuotaLine[] }>("GET", `quota?tenant=standard&key=${key.split("_")[2]}`);
  const own = await spillway.quota(key);
  const numbers = (lines: readonly QuotaLine[]) =>
    lines.map(({ name, limit, used: taken, remaining }) => ({ name, limit, taken, remaining }));
  expect(numbers(shown.limits)).toEqual(numbers(own));
});
