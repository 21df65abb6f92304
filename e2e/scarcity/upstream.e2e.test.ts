import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { answering, type Script, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let a: Scripted;
let b: Scripted;
let key: string;

const ANSWER: Script = answering(200, {
  ...{ id: "x", object: "chat.completion", created: 1, model: "m" },
  choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
});
const LIMITED = (seconds: string): Script => answering(429, { error: { message: "slow" } }, { "retry-after": seconds });
const FAILING: Script = answering(500, { error: { message: "boom" } });

beforeAll(async () => {
  [spillway, a, b] = await Promise.all([Spillway.run(), Scripted.run(), Scripted.run()]);
  key = spillway.demo.keys.enterprise;
  await b.serve(spillway, "b", { dialect: "anthropic" });
  await a.serve(spillway, "alone");
  await a.serve(spillway, "a");
  await model({ fallbacks: ["b"] });
});
afterAll(async () => {
  await spillway.stop();
  a.stop();
  b.stop();
});
beforeEach(async () => {
  for (const one of ["a", "b", "alone"]) await service(one, true);
  a.play = ANSWER;
  b.play = answering(200, {
    ...{ id: "m", type: "message", role: "assistant", model: "m", stop_reason: "end_turn", stop_sequence: null },
    ...{ content: [{ type: "text", text: "from b" }], usage: { input_tokens: 1, output_tokens: 2 } },
  });
  a.came.length = 0;
  b.came.length = 0;
});

function model(more: object) {
  return spillway.admin("PUT", "models/a", {
    ...{ provider: "a", upstreamName: "up-model", contextTokens: 400_000, maxOutputTokens: 65_536 },
    ...{ defaultOutputTokens: 1024, price: { inputMicroUsdPerMillion: 1, outputMicroUsdPerMillion: 5 }, ...more },
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

describe("a provider that says how much it has left", () => {
  test("is sent no more than that; the others get a true wait, and it never has to refuse", async () => {
    const { key: urgent } = await spillway.admin<{ key: string }>("POST", "keys", {
      ...{ tenant: "enterprise", name: "urgent", priority: "interactive" },
    });
    let left = 4;
    a.play = (response, came) => {
      left -= 1;
      if (left < 0) return answering(429, { error: { message: "none left" } }, { "retry-after": "60" })(response, came);
      response.setHeader("x-ratelimit-limit-requests", "10");
      response.setHeader("x-ratelimit-remaining-requests", String(left));
      response.setHeader("x-ratelimit-reset-requests", `${(10 - left) * 6}s`);
      return ANSWER(response, came);
    };
    const ask = () => spillway.chat(urgent, { model: "alone" }, { headers: { "x-spillway-priority": "interactive" } });
    expect((await ask()).status).toBe(200);
    // What its answer said is held against our count behind the call.
    await until("its limit to be known", async () => {
      const { providers } = await spillway.admin<Rooms>("GET", "upstream");
      const rooms = providers.find(({ slug }) => slug === "alone")?.models[0]?.rooms ?? [];
      return rooms.some(({ dimension, used }) => dimension === "requests" && used >= 7) || null;
    });
    const answers = await Promise.all(Array.from({ length: 10 }, ask));
    const served = answers.filter(({ status }) => status === 200);
    expect(a.came.length).toBe(served.length + 1);
    expect(served.length).toBeLessThanOrEqual(3);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length + served.length).toBe(10);
    for (const one of refused) {
      expect((await one.json()).error.code).toBe("upstream_rate_limited");
      expect(Number(one.headers.get("retry-after"))).toBeGreaterThan(0);
    }
  });
});

type Rooms = { providers: { slug: string; models: { rooms: { dimension: string; used: number }[] }[] }[] };
