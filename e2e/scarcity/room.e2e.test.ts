import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { answering, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";
import { ANSWER, BODY, LIMITED } from "./answers";

let spillway: Spillway;
let a: Scripted;
let key: string;

beforeAll(async () => {
  [spillway, a] = await Promise.all([Spillway.run(), Scripted.run()]);
  key = spillway.demo.keys.enterprise;
  await a.serve(spillway, "alone");
  await a.serve(spillway, "many");
});
afterAll(async () => {
  await spillway.stop();
  a.stop();
});
beforeEach(() => {
  a.play = ANSWER;
  a.came.length = 0;
});

const chat = (name: string) => spillway.chat(key, { model: name });

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
      response.setHeader("x-ratelimit-reset-requests", `${(10 - left) * 600}s`);
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

test("a provider that has nothing left until tomorrow is sent nothing more, and nobody is held for it", async () => {
  await a.serve(spillway, "daily");
  a.play = (response, came) => {
    response.setHeader("x-ratelimit-limit-requests", "10");
    response.setHeader("x-ratelimit-remaining-requests", "0");
    response.setHeader("x-ratelimit-reset-requests", "18000s");
    ANSWER(response, came);
  };
  expect((await chat("daily")).status).toBe(200);
  const refused = await until("its word to count", async () => {
    const answer = await chat("daily");
    return answer.status === 429 ? answer : null;
  });
  // A tenth of a day brings one call back.
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3600);
  expect(refused.headers.get("x-should-retry")).toBe("false");
  expect(refused.headers.get("x-spillway-queued-ms")).toBeNull();
  expect((await refused.json()).error.code).toBe("upstream_rate_limited");
  const came = a.came.length;
  expect((await chat("daily")).status).toBe(429);
  expect(a.came).toHaveLength(came);
});

type Rooms = { providers: { slug: string; models: { rooms: { dimension: string; used: number }[] }[] }[] };

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
    const CALLS = 80;
    for (let call = 0; call < CALLS; call++) {
      const answer = await chat("many");
      expect(answer.status).toBe(200);
      ids.push(answer.headers.get("x-request-id") ?? "");
    }
    const used = a.came.filter((one) => keyOf(one) === "2nd00").length;
    // Of 80 calls 60 are due: fewer than 37 or all of them come by chance once in some ten million runs.
    expect(used).toBeGreaterThan(36);
    expect(used).toBeLessThan(CALLS);
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
type Place = { state: string };
type Credentials = {
  providers: { slug: string; models: { state: Place }[]; credentials: { models: { state: Place }[] }[] }[];
};

test("background calls ask the provider's cheaper tier, and are billed at the price of the tier that served them", async () => {
  const rates = { inputMicroUsdPerMillion: 1_000_000, outputMicroUsdPerMillion: 5_000_000 };
  const flex = { inputMicroUsdPerMillion: 500_000, outputMicroUsdPerMillion: 2_500_000 };
  await a.serve(spillway, "tiered", { serviceTiers: { background: "flex", interactive: "unpriced" } });
  await spillway.admin("PUT", "models/tiered", {
    provider: "tiered",
    upstreamName: "up-model",
    contextTokens: 400_000,
    maxOutputTokens: 65_536,
    defaultOutputTokens: 1024,
    price: { ...rates, serviceTiers: { flex } },
  });
  const asked = async (priority: string, served: string | undefined) => {
    a.play = (response, came) => answering(200, { ...BODY, service_tier: served })(response, came);
    const answer = await spillway.chat(key, { model: "tiered" }, { headers: { "x-spillway-priority": priority } });
    expect(answer.status).toBe(200);
    const row = await until("the row", () => spillway.ledgerRow(answer.headers.get("x-request-id") ?? ""));
    return [a.sent().service_tier, row.serviceTier, row.costMicroUsd];
  };
  // One token in and two out: 11 micro-dollars, or half of it, rounded up.
  expect(await asked("background", "flex")).toEqual(["flex", "flex", 6]);
  expect(await asked("background", "default")).toEqual(["flex", "default", 11]);
  expect(await asked("standard", undefined)).toEqual([undefined, null, 11]);
});
