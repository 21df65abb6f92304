import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { answering, type Script, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";
import { ANSWER, LIMITED } from "./answers";

let spillway: Spillway;
let a: Scripted;
let b: Scripted;
let key: string;

const FAILING: Script = answering(500, { error: { message: "boom" } });

beforeAll(async () => {
  [spillway, a, b] = await Promise.all([Spillway.run(), Scripted.run(), Scripted.run()]);
  key = spillway.demo.keys.enterprise;
  // Providers are what is asked about here, and how fast a test can call is not.
  const free = {
    tenant: "enterprise",
    capacity: null,
    reason: "as many calls as a test makes",
    expiresInSeconds: null,
  };
  await spillway.admin("POST", "overrides", { ...free, limit: "requests-per-minute" });
  await b.serve(spillway, "b", { dialect: "anthropic" });
  await a.serve(spillway, "alone");
  await a.serve(spillway, "a");
  await a.serve(spillway, "many");
  await a.serve(spillway, "half");
  await a.serve(spillway, "slow", { answerSeconds: 1 });
  await model("a", { fallbacks: ["b"] });
  await model("slow", { fallbacks: ["b"] });
  await model("half", { fallbacks: ["b"] });
});
afterAll(async () => {
  await spillway.stop();
  a.stop();
  b.stop();
});
beforeEach(async () => {
  for (const one of ["a", "b", "alone", "many"]) await service(one, true);
  a.play = ANSWER;
  b.play = answering(200, {
    id: "m",
    type: "message",
    role: "assistant",
    model: "m",
    stop_reason: "end_turn",
    stop_sequence: null,
    content: [{ type: "text", text: "from b" }],
    usage: { input_tokens: 1, output_tokens: 2 },
  });
  a.came.length = 0;
  b.came.length = 0;
});

function model(name: string, more: object) {
  return spillway.admin("PUT", `models/${name}`, {
    provider: name,
    upstreamName: "up-model",
    contextTokens: 400_000,
    maxOutputTokens: 65_536,
    defaultOutputTokens: 1024,
    price: { inputMicroUsdPerMillion: 1, outputMicroUsdPerMillion: 5 },
    ...more,
  });
}

const service = (name: string, inService: boolean) =>
  spillway.admin("PUT", `upstream/${name}`, { inService, reason: "for the test" });
const chat = (name: string) => spillway.chat(key, { model: name });

type Places = { providers: { slug: string; state: Place; models: { slug: string; state: Place }[] }[] };
type Place = { state: string; why: string | null; nextProbeAt: string | null; limitedInARow: number };
async function placeOf(name: string): Promise<Place | undefined> {
  const { providers } = await spillway.admin<Places>("GET", "upstream");
  return providers.find(({ slug }) => slug === name)?.models[0]?.state;
}

describe("a provider that is at its limit", () => {
  test("the call that met the 429 is served by the next model of the list, in its dialect; the next ones at once", async () => {
    a.play = LIMITED("60");
    const first = await chat("a");
    expect([first.status, first.headers.get("x-spillway-served-model")]).toEqual([200, "b"]);
    expect(first.headers.get("x-spillway-degraded")).toContain("fallback");
    expect((await first.json()).choices[0].message.content).toBe("from b");
    for (let call = 0; call < 5; call++) expect((await chat("a")).headers.get("x-spillway-served-model")).toBe("b");
    expect(a.came).toHaveLength(1);
    expect(b.came).toHaveLength(6);
    // Both tries are in the books, each under its own id; the caller has that of the one that served it.
    const id = first.headers.get("x-request-id") ?? "";
    expect(await until("the row", () => spillway.ledgerRow(id))).toMatchObject({
      ending: "complete",
      servedModel: "b",
    });
  });

  test("without another model four 429s are passed on; then a true one in its dialect, and nothing is sent", async () => {
    a.play = LIMITED("50");
    for (let call = 0; call < 4; call++) expect((await chat("alone")).status).toBe(429);
    const refused = await chat("alone");
    const seconds = Number(refused.headers.get("retry-after"));
    expect(refused.status).toBe(429);
    expect(seconds).toBeGreaterThan(30);
    expect(seconds).toBeLessThanOrEqual(55);
    expect((await refused.json()).error.code).toBe("upstream_rate_limited");
    expect(a.came).toHaveLength(4);
    await until("all processes to know", async () => (await placeOf("alone"))?.state === "cooling" || null);
    expect(await placeOf("alone")).toMatchObject({ why: "limited", limitedInARow: 4 });
  });

  test("one call finds out whether it is over, and then all are served again", async () => {
    a.play = LIMITED("1");
    for (let call = 0; call < 4; call++) await chat("alone");
    a.play = ANSWER;
    const served = await until("the probe", async () => {
      const answers = await Promise.all([chat("alone"), chat("alone"), chat("alone")]);
      return answers.some(({ status }) => status === 200) ? answers : null;
    });
    expect(served.length).toBe(3);
    expect((await chat("alone")).status).toBe(200);
  });
});

test("three answers of 429 in a row open one alert, which says when the next call goes", async () => {
  await spillway.admin("POST", "alert-rules", { name: "limited", watch: { kind: "upstream_limited" }, channels: [] });
  a.play = (response, came) => {
    // All of them are on the way before the first is answered.
    waiting.push(() => LIMITED("60")(response, came));
    if (waiting.length === 4) for (const answer of waiting) answer();
  };
  const waiting: (() => void)[] = [];
  await Promise.all([chat("alone"), chat("alone"), chat("alone"), chat("alone")]);
  type Alerts = { alerts: { title: string }[] };
  const about = async () => {
    const { alerts } = await spillway.admin<Alerts>("GET", "alerts");
    return alerts.filter(({ title }) => title.includes("answered 429"));
  };
  const [alert, ...more] = await until("the alert", async () => ((await about()).length > 0 ? about() : null));
  expect(more).toEqual([]);
  expect(alert?.title).toMatch(/^alone, model up-model: [34] calls in a row .* the next one goes at \d{4}-/);
});

test("a provider that fails is closed after five failures, and its calls are served by the next model", async () => {
  a.play = FAILING;
  for (let call = 0; call < 8; call++) expect((await chat("a")).headers.get("x-spillway-served-model")).toBe("b");
  expect(a.came).toHaveLength(5);
});

test("a provider that fails every other call is closed, its callers see nothing of it, and a probe brings them back", async () => {
  // Calls that go well save up the retries.
  for (let call = 0; call < 30; call++) expect((await chat("b")).status).toBe(200);
  b.came.length = 0;
  a.play = (response, came) => (a.came.length % 2 === 1 ? FAILING : ANSWER)(response, came);
  // Few after it is closed: its first pause is five seconds.
  const CALLS = 12;
  const served: (string | null)[] = [];
  for (let call = 0; call < CALLS; call++) {
    const answer = await chat("half");
    expect(answer.status).toBe(200);
    served.push(answer.headers.get("x-spillway-served-model"));
  }
  // Half of the first calls failed there, until five had; nothing more was sent twice.
  expect([a.came.length, served.filter((one) => one === "half").length]).toEqual([9, 4]);
  expect(a.came.length + b.came.length).toBe(CALLS + 5);
  a.play = ANSWER;
  await until("the probe", async () => (await chat("half")).headers.get("x-spillway-served-model") === "half" || null);
  a.came.length = 0;
  for (let call = 0; call < 5; call++) expect((await chat("half")).headers.get("x-spillway-served-model")).toBe("half");
  expect(a.came).toHaveLength(5);
});

test("a model of the tier's ladder at another provider serves a call whose own provider is at its limit", async () => {
  const tier = await spillway.admin<{ version: number }>("GET", "tiers/enterprise");
  const ladder = { models: ["b"], trimTo: null, fromBudgetShare: null };
  await spillway.admin("PUT", "tiers/enterprise", { ...tier, ladder });
  a.play = LIMITED("60");
  const answer = await chat("alone");
  expect([answer.status, answer.headers.get("x-spillway-served-model")]).toEqual([200, "b"]);
  expect(answer.headers.get("x-spillway-degraded")).toContain("cheaper");
  for (let call = 0; call < 3; call++) expect((await chat("alone")).headers.get("x-spillway-served-model")).toBe("b");
  expect(a.came).toHaveLength(1);
  const now = await spillway.admin<{ version: number }>("GET", "tiers/enterprise");
  await spillway.admin("PUT", "tiers/enterprise", { ...tier, version: now.version });
});

test("an operator takes a provider out for the next call, and puts it back", async () => {
  await service("a", false);
  expect((await chat("a")).headers.get("x-spillway-served-model")).toBe("b");
  expect(a.came).toHaveLength(0);
  await service("a", true);
  expect((await chat("a")).headers.get("x-spillway-served-model")).toBe("a");
});

test("what the caller's own call is refused for closes nothing and is not tried elsewhere", async () => {
  a.play = answering(400, { error: { message: "no" } });
  for (let call = 0; call < 6; call++) expect((await chat("a")).status).toBe(400);
  expect(a.came).toHaveLength(6);
  expect(b.came).toHaveLength(0);
});

describe("when all ways are closed", () => {
  test("a fallback that is at its limit cools down as well, and the caller gets the soonest time", async () => {
    a.play = LIMITED("60");
    b.play = LIMITED("30");
    expect((await chat("a")).status).toBe(429);
    const refused = await chat("a");
    const seconds = Number(refused.headers.get("retry-after"));
    expect([refused.status, (await refused.json()).error.code]).toEqual([429, "upstream_rate_limited"]);
    expect(seconds).toBeGreaterThan(20);
    expect(seconds).toBeLessThanOrEqual(33);
    expect([a.came.length, b.came.length]).toEqual([1, 1]);
  });

  test("a provider that fails with all others is 503, not 429", async () => {
    a.play = FAILING;
    b.play = LIMITED("30");
    for (let call = 0; call < 8; call++) await chat("a");
    const refused = await chat("a");
    expect([refused.status, (await refused.json()).error.code]).toEqual([503, "upstream_overloaded"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("a reset that is hours away is said at once, and nobody is held for it", async () => {
    a.play = LIMITED("18000");
    for (let call = 0; call < 4; call++) await chat("many");
    const began = Date.now();
    const refused = await chat("many");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3000);
    expect(refused.headers.get("x-should-retry")).toBe("false");
    expect(Date.now() - began).toBeLessThan(15_000);
    expect(a.came).toHaveLength(4);
  });
});

test("a cool-down survives the end of its process, with its remaining time", async () => {
  a.play = LIMITED("600");
  for (let call = 0; call < 4; call++) await chat("many");
  await until("it is written", async () => (await placeOf("many"))?.state === "cooling" || null);
  await spillway.kill("SIGKILL");
  await spillway.restart();
  a.came.length = 0;
  const refused = await chat("many");
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(300);
  expect(a.came).toHaveLength(0);
});

test("a provider that answers too late is left alone by all its models, and each call is served by the next one", async () => {
  // The request is taken, and nothing comes back.
  a.play = () => undefined;
  const answers = await Promise.all(Array.from({ length: 5 }, () => chat("slow")));
  expect(answers.map(({ status, headers }) => [status, headers.get("x-spillway-served-model")])).toEqual(
    Array(5).fill([200, "b"]),
  );
  expect(a.came).toHaveLength(5);
  const state = await until("all processes to know", async () => {
    const { providers } = await spillway.admin<{ providers: { slug: string; state: Place }[] }>("GET", "upstream");
    const place = providers.find(({ slug }) => slug === "slow")?.state;
    return place?.why === "failing" ? place : null;
  });
  expect(state).toMatchObject({ detail: "it did not answer in time" });
});

// The last one: it uses up the retries that this process has saved.
test("providers that fail every call are asked at most 1.1 times per call", async () => {
  await Promise.all([
    a.serve(spillway, "worn", { coolsDown: false }),
    b.serve(spillway, "spare", { coolsDown: false }),
  ]);
  await model("worn", { fallbacks: ["spare"] });
  a.play = FAILING;
  b.play = FAILING;
  const CALLS = 1000;
  const statuses = new Map<number, number>();
  const caller = async () => {
    for (let call = 0; call < CALLS / 10; call++) {
      const answer = await chat("worn");
      await answer.text();
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 10 }, caller));
  const sent = a.came.length + b.came.length;
  process.stdout.write(`${CALLS} calls of providers that fail: ${sent} requests to them\n`);
  expect([...statuses]).toEqual([[502, CALLS]]);
  expect(a.came.length).toBe(CALLS);
  expect(sent).toBeLessThanOrEqual(1.1 * CALLS);
});
