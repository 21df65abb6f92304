import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { answering, type Script, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let a: Scripted;
let b: Scripted;
let key: string;

const BODY = {
  id: "x",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
};
const ANSWER: Script = answering(200, BODY);
const LIMITED = (seconds: string): Script => answering(429, { error: { message: "slow" } }, { "retry-after": seconds });
const FAILING: Script = answering(500, { error: { message: "boom" } });

beforeAll(async () => {
  [spillway, a, b] = await Promise.all([Spillway.run(), Scripted.run(), Scripted.run()]);
  key = spillway.demo.keys.enterprise;
  await b.serve(spillway, "b", { dialect: "anthropic" });
  await a.serve(spillway, "alone");
  await a.serve(spillway, "a");
  await a.serve(spillway, "many");
  await a.serve(spillway, "slow", { answerSeconds: 1 });
  await model("a", { fallbacks: ["b"] });
  await model("slow", { fallbacks: ["b"] });
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
      tenant: "enterprise",
      name: "urgent",
      priority: "interactive",
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

describe("a provider with several credentials", () => {
  const keyOf = (came: { headers: { authorization?: string | undefined } }) => came.headers.authorization?.slice(-5);
  const put = (more: object) =>
    spillway.admin<{ credentials: object[] }>("PUT", "providers/many", {
      name: "many",
      baseUrl: `${a.url}/v1`,
      allowLocal: true,
      ...more,
    });

  test("calls each by its share, keeps what is sealed, and shows none of it", async () => {
    const { credentials } = await put({
      credentials: [{ name: "second", weight: 3, credential: "further-secret-2nd00" }],
    });
    expect(credentials).toEqual([
      { name: "second", weight: 3, credentialEnv: null, credentialLast4: "nd00", takenOutReason: null },
    ]);
    const ids: string[] = [];
    for (let call = 0; call < 40; call++) {
      const answer = await chat("many");
      expect(answer.status).toBe(200);
      ids.push(answer.headers.get("x-request-id") ?? "");
    }
    const used = a.came.filter((one) => keyOf(one) === "2nd00").length;
    // Of 40 calls 30 are due: fewer than 18 or all of them come by chance once in some ten thousand runs.
    expect(used).toBeGreaterThan(17);
    expect(used).toBeLessThan(40);
    // The books name the credential of each call, and none of its secret.
    const booked = await Promise.all(ids.map((id) => until("the row", () => spillway.ledgerRow(id))));
    expect(booked.map((row) => row.credential)).toEqual(
      a.came.map((one) => (keyOf(one) === "2nd00" ? "second" : null)),
    );
    const text = JSON.stringify([await spillway.admin("GET", "catalog"), await spillway.admin("GET", "audit")]);
    expect(text).not.toContain("further-secret");
  });

  test("a credential at its limit cools down alone; the call that met it is served by the next one", async () => {
    a.play = (response, came) => (keyOf(came) === "2nd00" ? LIMITED("60") : ANSWER)(response, came);
    for (let call = 0; call < 20; call++) expect((await chat("many")).status).toBe(200);
    expect(a.came.filter((one) => keyOf(one) === "2nd00")).toHaveLength(1);
    const seen = async () => {
      const { providers } = await spillway.admin<Credentials>("GET", "upstream");
      return providers.find(({ slug }) => slug === "many");
    };
    const many = await until("all processes to know", async () => {
      const one = await seen();
      return one?.credentials[0]?.models[0]?.state.state === "cooling" ? one : null;
    });
    expect(many.models[0]?.state.state).toBe("open");
    // Of its calls one met a 429, of the other's none.
    const { credentials } = await spillway.admin<Shares>("GET", "providers");
    const shares = credentials.filter(({ provider }) => provider === "many");
    expect(shares.find(({ credential }) => credential === "second")?.limited).toBe(1);
    expect(shares.find(({ credential }) => credential === null)?.limited).toBe(0);
  });

  test("one is taken out by hand for the next call, and put back with its cool-down over", async () => {
    await spillway.admin("PUT", "upstream/many", { credential: "second", inService: false, reason: "rotated" });
    for (let call = 0; call < 10; call++) await chat("many");
    expect(a.came.filter((one) => keyOf(one) === "2nd00")).toEqual([]);
    await spillway.admin("PUT", "upstream/many", { credential: "second", inService: true, reason: "back" });
    await until("a call by it", async () => {
      await chat("many");
      return a.came.some((one) => keyOf(one) === "2nd00") || null;
    });
    await put({ credentials: [] });
  });
});

type Shares = { credentials: { provider: string; credential: string | null; limited: number }[] };
type Credentials = {
  providers: { slug: string; models: { state: Place }[]; credentials: { models: { state: Place }[] }[] }[];
};

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

test("background calls ask the provider's cheaper tier, and are billed at the price of the tier that served them", async () => {
  const rates = { inputMicroUsdPerMillion: 1_000_000, outputMicroUsdPerMillion: 5_000_000 };
  const flex = { inputMicroUsdPerMillion: 500_000, outputMicroUsdPerMillion: 2_500_000 };
  await a.serve(spillway, "alone", { serviceTiers: { background: "flex", interactive: "unpriced" } });
  await model("alone", { price: { ...rates, serviceTiers: { flex } } });
  const asked = async (priority: string, served: string | undefined) => {
    a.play = (response, came) => answering(200, { ...BODY, service_tier: served })(response, came);
    const answer = await spillway.chat(key, { model: "alone" }, { headers: { "x-spillway-priority": priority } });
    expect(answer.status).toBe(200);
    const row = await until("the row", () => spillway.ledgerRow(answer.headers.get("x-request-id") ?? ""));
    return [a.sent().service_tier, row.serviceTier, row.costMicroUsd];
  };
  // One token in and two out: 11 micro-dollars, or half of it, rounded up.
  expect(await asked("background", "flex")).toEqual(["flex", "flex", 6]);
  expect(await asked("background", "default")).toEqual(["flex", "default", 11]);
  expect(await asked("standard", undefined)).toEqual([undefined, null, 11]);
});
