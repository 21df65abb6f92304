import { afterAll, beforeAll, expect, test } from "vitest";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
beforeAll(async () => {
  spillway = await Spillway.run();
  const tier = await spillway.admin<{ limits: { windowSeconds: number | null }[] }>("GET", "tiers/free");
  const limits = tier.limits.map((limit) => (limit.windowSeconds === null ? limit : { ...limit, ...SLOWLY }));
  await spillway.admin("PUT", "tiers/free", { ...tier, limits });
});
afterAll(() => spillway.stop());

const reason = "because the test says so";
/** Buckets leak while a test calls: these do it so slowly that no machine is slow enough to see it. */
const SLOWLY = { windowSeconds: 31_000_000 };
const bucket = { dimension: "requests", algorithm: "token_bucket", ...SLOWLY };
type Everyone = { version: number; limits: object[] };

async function keyOf(tenant: string, tier = "standard"): Promise<{ id: string; key: string }> {
  await spillway.admin("POST", "tenants", { slug: tenant, name: tenant, tier });
  return spillway.admin("POST", "keys", { tenant, name: "own" });
}

async function statuses(key: string, calls: number, body = {}, headers = {}): Promise<number[]> {
  const all: number[] = [];
  for (let call = 0; call < calls; call++) all.push((await spillway.chat(key, body, { headers })).status);
  return all;
}

type Override = { id: string; keyFamily: string };

async function putEveryone(limits: object[], expected = [200]): Promise<{ detail?: string } & Everyone> {
  const { version } = await spillway.admin<Everyone>("GET", "everyone");
  return spillway.admin("PUT", "everyone", { version, limits }, expected);
}

test("an override of 0 admits none, and the refusal says that no call can pass while it is 0", async () => {
  const { key } = await keyOf("nothing");
  const body = { tenant: "nothing", limit: "requests-per-minute", capacity: 0, reason, expiresInSeconds: null };
  const { id } = await spillway.admin<{ id: string }>("POST", "overrides", body);
  expect(await statuses(key, 5)).toEqual([400, 400, 400, 400, 400]);
  const refused = await spillway.chat(key);
  const { error } = await refused.json();
  expect(error).toMatchObject({ code: "request_exceeds_limit", limit: 0, remaining: 0 });
  expect(error.message).toContain('The limit "requests-per-minute" (tenant) is 0');
  expect(refused.headers.get("x-should-retry")).toBe("false");
  const line = (await spillway.quota(key)).find(({ name }) => name === "requests-per-minute");
  expect(line).toMatchObject({ limit: 0, used: 0, remaining: 0 });
  await spillway.admin("DELETE", `overrides/${id}`, { reason });
  expect(await statuses(key, 1)).toEqual([200]);
});

test("an override of one key is set again from what its removal answered", async () => {
  const { id } = await keyOf("again");
  const body = { tenant: "again", keyFamily: id, limit: "requests-per-minute", capacity: 7, reason };
  const first = await spillway.admin<Override>("POST", "overrides", { ...body, expiresInSeconds: 600 });
  const { keyFamily } = await spillway.admin<Override>("DELETE", `overrides/${first.id}`, { reason });
  expect(keyFamily).toBe(`fam_${id}`);
  const again = await spillway.admin<Override>("POST", "overrides", { ...body, keyFamily, expiresInSeconds: 600 });
  expect(again.keyFamily).toBe(keyFamily);
});

test("an override that does not compile is refused in words, and what held goes on", async () => {
  const { key } = await keyOf("faulty", "free");
  const body = { tenant: "faulty", limit: "spend-per-day", capacity: 5, refill: 3, reason, expiresInSeconds: null };
  const answer = await spillway.admin<{ detail: string }>("POST", "overrides", body, [400]);
  expect(answer.detail).toContain("spend-per-day: calendar_window takes no refill");
  expect((await spillway.admin<{ overrides: object[] }>("GET", "overrides?tenant=faulty")).overrides).toEqual([]);
  expect((await statuses(key, 11)).filter((status) => status === 200)).toHaveLength(10);
});

test("a key's own limit named like its tenant's narrows it: both hold, and both are shown", async () => {
  const { id, key } = await keyOf("narrow", "free");
  const own = (capacity: number) => [{ ...bucket, name: "requests-per-minute", layer: "key", capacity }];
  await spillway.admin("PUT", `keys/${id}/limits`, { limits: [{ ...own(15)[0], layer: "user" }] }, [400]);
  await spillway.admin("PUT", `keys/${id}/limits`, { limits: own(3) });
  expect(await statuses(key, 5)).toEqual([200, 200, 200, 429, 429]);
  const lines = (await spillway.quota(key)).filter(({ name }) => name === "requests-per-minute");
  expect(lines.map(({ layer, used, limit }) => [layer, used, limit])).toEqual([
    ["tenant", 3, 10],
    ["key", 3, 3],
  ]);
  // Nothing of the tenant's own is left out by it either.
  const second = await spillway.admin<{ id: string; key: string }>("POST", "keys", { tenant: "narrow", name: "two" });
  expect((await statuses(second.key, 9)).filter((status) => status === 200)).toHaveLength(7);
});

test("a key's own limit of its tenant's name widens nothing, also when the tenant's is lowered below it later", async () => {
  const { id, key } = await keyOf("widened", "free");
  const own = (capacity: number) => [{ ...bucket, name: "requests-per-minute", layer: "key", capacity }];
  await spillway.admin("PUT", `keys/${id}/limits`, { limits: own(15) }, [400]);
  await spillway.admin("PUT", `keys/${id}/limits`, { limits: own(8) });
  const lowered = {
    tenant: "widened",
    limit: "requests-per-minute",
    capacity: 5,
    reason: "less for a while",
    expiresInSeconds: 600,
  };
  await spillway.admin("POST", "overrides", lowered);
  expect((await statuses(key, 15)).filter((status) => status === 200)).toHaveLength(5);
});

test("an address and a model are counted over all tenants by limits for everyone", async () => {
  const [one, two] = [await keyOf("one"), await keyOf("two")];
  const address = { ...bucket, name: "per-address", layer: "ip", capacity: 4 };
  await putEveryone([address]);
  expect(await statuses(one.key, 3)).toEqual([200, 200, 200]);
  expect(await statuses(two.key, 2)).toEqual([200, 429]);
  await putEveryone([{ ...address, name: "per-model", layer: "model" }]);
  expect(await statuses(one.key, 3)).toEqual([200, 200, 200]);
  expect(await statuses(two.key, 2)).toEqual([200, 429]);
  expect(await statuses(two.key, 1, { model: "sim-large" })).toEqual([200]);
  const { limits } = await spillway.admin<{ limits: { name: string; chain: object[] }[] }>("GET", "tenants/two/limits");
  expect(limits.find(({ name }) => name === "per-model")?.chain).toMatchObject([{ from: "everyone", holds: true }]);
  await putEveryone([]);
  expect(await statuses(two.key, 1)).toEqual([200]);
});

test("one number for one counter: tiers take no global limit, everyone takes no tenant's, stale edits are refused", async () => {
  const tier = await spillway.admin<{ limits: object[] }>("GET", "tiers/standard");
  const all = { ...bucket, name: "all-calls", layer: "global", capacity: 1000 };
  const limits = [...tier.limits, all];
  const answer = await spillway.admin<{ detail: string }>("PUT", "tiers/standard", { ...tier, limits }, [400]);
  expect(answer.detail).toContain("a limit of layer global belongs to everyone");
  expect((await putEveryone([{ ...all, layer: "tenant" }], [400])).detail).toContain("not tenant");
  const { version } = await putEveryone([all]);
  await spillway.admin("PUT", "everyone", { version: version - 1, limits: [] }, [409]);
  await putEveryone([]);
});

test("strict is answered with what took its place", async () => {
  const tier = await spillway.admin<{ limits: object[] }>("GET", "tiers/standard");
  const strict = { ...bucket, name: "strict", layer: "tenant", capacity: 10, strict: true };
  const body = { ...tier, limits: [...tier.limits, strict] };
  const answer = await spillway.admin<{ detail: string }>("PUT", "tiers/standard", body, [400]);
  expect(answer.detail).toContain("sliding_window");
});

test("limits of single users, keys, models and the like are found, the one that refuses first", async () => {
  const { id, key } = await keyOf("many-callers", "enterprise");
  const own = { ...bucket, name: "one-user", layer: "user", capacity: 2 };
  const tier = await spillway.admin<{ limits: object[] }>("GET", "tiers/enterprise");
  const others = ["model", "ip", "session", "agent"].map((layer) => ({
    ...bucket,
    name: `one-${layer}`,
    layer,
    capacity: 50,
  }));
  const tags = { ...bucket, name: "one-tag", layer: "tag", capacity: 50, match: { tag: "team" } };
  const limits = [...tier.limits, own, ...others, tags];
  await spillway.admin("PUT", "tiers/enterprise", { ...tier, limits });
  await spillway.admin("PUT", `keys/${id}/limits`, {
    limits: [{ ...bucket, name: "one-key", layer: "key", capacity: 100 }],
  });
  expect(await statuses(key, 3, { user: "ann" })).toEqual([200, 200, 429]);
  const named = { "x-spillway-session": "run", "x-spillway-agent": "coder", "x-spillway-tags": "team=a,repo=b" };
  expect(await statuses(key, 1, { user: "bob" }, named)).toEqual([200]);
  type Line = { name: string; used: number; limit: number; of: { kind: string; name: string } };
  const nearest = await spillway.admin<{ limits: Line[] }>("GET", "tenants/many-callers/nearest");
  const told = nearest.limits.map(({ name, limit, of }) => [name, limit, of.kind, of.name]);
  expect(told[0]).toEqual(["one-user", 2, "user", "ann"]);
  expect(told).toContainEqual(["one-user", 2, "user", "bob"]);
  expect(told).toContainEqual(["one-key", 100, "key", "own"]);
  expect(told).toContainEqual(["one-model", 50, "model", "sim-small"]);
  expect(told).toContainEqual(["one-ip", 50, "ip", "127.0.0.1"]);
  expect(told).toContainEqual(["one-session", 50, "session", "run"]);
  expect(told).toContainEqual(["one-agent", 50, "agent", "coder"]);
  expect(told).toContainEqual(["one-tag", 50, "tag", "team=a"]);
  await spillway.admin("PUT", "tiers/enterprise", {
    ...(await spillway.admin<object>("GET", "tiers/enterprise")),
    limits: tier.limits,
  });
});

test("the counter that refused a call is reset by the call's id, whatever it counts", async () => {
  const { key } = await keyOf("any-counter", "enterprise");
  const tier = await spillway.admin<{ limits: object[] }>("GET", "tiers/enterprise");
  const layers = ["model", "ip", "user", "key", "endpoint", "feature", "session", "agent"];
  const each = layers.map((layer) => ({ ...bucket, name: `by-${layer}`, layer, capacity: 1 }));
  const tag = { ...bucket, name: "by-tag", layer: "tag", capacity: 1, match: { tag: "team" } };
  await spillway.admin("PUT", "tiers/enterprise", { ...tier, limits: [...tier.limits, ...each, tag] });
  const headers = {
    "x-spillway-feature": "constructor",
    "x-spillway-session": "run",
    "x-spillway-agent": "coder",
    "x-spillway-tags": "team=a",
  };
  expect(await statuses(key, 1, {}, headers)).toEqual([200]);
  const refused = await spillway.chat(key, {}, { headers });
  expect(refused.status).toBe(429);
  const requestId = refused.headers.get("x-request-id");
  for (const { name: limit } of [...each, tag]) {
    expect(await statuses(key, 1, {}, headers)).toEqual([429]);
    await spillway.admin("POST", "tenants/any-counter/reset", { limit, requestId, reason });
  }
  expect(await statuses(key, 1, {}, headers)).toEqual([200]);
  // A call of another tenant names no counter of this one; a layer without a call is asked for one.
  await spillway.admin("POST", "tenants/free/reset", { limit: "requests-per-minute", requestId, reason }, [404]);
  const unnamed = await spillway.admin<{ detail: string }>(
    "POST",
    "tenants/any-counter/reset",
    { limit: "by-feature", reason },
    [400],
  );
  expect(unnamed.detail).toContain("Name a call of this feature by its request id.");
  // A name that every object inherits is a name like another.
  const { features } = await spillway.admin<{ features: object[] }>("GET", "tenants/any-counter/features");
  expect(features).toMatchObject([{ feature: "constructor", costClass: null, calls: 2 }]);
  const told = await spillway.admin<{ limits: { chain: object[] }[] }>("GET", "tenants/any-counter/limits");
  expect(told.limits.at(-1)?.chain).toMatchObject([{ from: "tier enterprise", name: "Enterprise" }]);
  const now = await spillway.admin<object>("GET", "tiers/enterprise");
  await spillway.admin("PUT", "tiers/enterprise", { ...now, limits: tier.limits });
});
