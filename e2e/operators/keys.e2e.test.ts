import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let provider: Provider;

beforeAll(async () => {
  [spillway, provider] = await Promise.all([Spillway.run(), Provider.run()]);
  await provider.serve(spillway);
  const tier = await spillway.admin<{ limits: { capacity: number }[] }>("GET", "tiers/standard");
  const limits = tier.limits.map((limit) => ({ ...limit, capacity: limit.capacity * 1000 }));
  await spillway.admin("PUT", "tiers/standard", { ...tier, limits });
});
afterAll(async () => {
  await spillway.stop();
  await provider.stop();
});

type Key = { id: string; key: string; family: string; status: string; expiresAt: string | null; display: string };
const post = <Answer = Key>(path: string, body: object, expected = [200, 201]) =>
  spillway.admin<Answer>("POST", path, body, expected);
const status = async (key: string, body: Readonly<Record<string, unknown>> = {}) =>
  (await spillway.chat(key, body)).status;
const code = async (key: string) => (await (await spillway.chat(key)).json()).error?.code;

test("a tenant is made, gets a key, and calls; the key is shown once and never again", async () => {
  await post("tenants", { slug: "acme", name: "Acme", tier: "standard", timeZone: "Asia/Kathmandu" });
  const made = await post("keys", { tenant: "acme", name: "production" });
  expect(made.key).toMatch(/^sw_live_/);
  expect(await status(made.key)).toBe(200);
  const listed = JSON.stringify(await spillway.admin("GET", "keys?tenant=acme"));
  expect(listed).toContain(made.display);
  expect(listed).not.toContain(made.key);
  expect(JSON.stringify(await spillway.admin("GET", "tenants/acme"))).toContain('"activeKeys":1');
  // Ninety days, unless it is said otherwise.
  const left = Date.parse(made.expiresAt ?? "") - Date.now();
  expect(Math.round(left / 86_400_000)).toBe(90);
});

test("what a key may call, and from where, is obeyed by the next call", async () => {
  const made = await post("keys", { tenant: "acme", name: "narrow", models: ["sim-large"] });
  expect(await code(made.key)).toBe("model_not_allowed");
  expect(await status(made.key, { model: "sim-large" })).toBe(200);
  await spillway.admin("PATCH", `keys/${made.id}`, { models: null, endpoints: ["embeddings"] });
  expect(await code(made.key)).toBe("endpoint_not_allowed");
  await spillway.admin("PATCH", `keys/${made.id}`, { endpoints: null, ipAllow: ["10.0.0.0/8"] });
  expect(await code(made.key)).toBe("ip_not_allowed");
  await spillway.admin("PATCH", `keys/${made.id}`, { ipAllow: ["127.0.0.0/8"] });
  expect(await status(made.key)).toBe(200);
});

test("a key whose rotation is due is found and its holder told; its successor has the same schedule", async () => {
  const old = await post("keys", { tenant: "acme", name: "scheduled", rotateEveryDays: 14 });
  const due = async () => {
    const { keys } = await spillway.admin<{ keys: Key[] }>("GET", "keys?tenant=acme&state=rotation");
    return keys.map(({ id }) => id);
  };
  expect(await due()).toEqual([old.id]);
  const usage = await fetch(`${spillway.baseUrl}/v1/usage`, { headers: { authorization: `Bearer ${old.key}` } });
  expect(await usage.json()).toMatchObject({ key: { rotate_by: Reflect.get(old, "rotateAt") } });
  await spillway.admin("PATCH", `keys/${old.id}`, { rotateEveryDays: 30 });
  expect(await due()).toEqual([]);
  await spillway.admin("PATCH", `keys/${old.id}`, { rotateEveryDays: 7 });
  const fresh = await post(`keys/${old.id}/rotate`, {});
  expect(Reflect.get(fresh, "rotateEveryDays")).toBe(7);
  expect(await due()).toEqual([fresh.id]);
});

test("a rotation: both keys work and share their counters; the old one ends after the new one's first use", async () => {
  const old = await post("keys", { tenant: "acme", name: "rotated", environment: "staging" });
  expect(await status(old.key)).toBe(200);
  // Not one second: on a busy machine that may be over before the two are compared.
  const fresh = await post(`keys/${old.id}/rotate`, { overlapSeconds: 5 });
  expect([fresh.family, fresh.key.startsWith("sw_test_")]).toEqual([old.family, true]);
  await post(`keys/${old.id}/rotate`, {}, [409]);
  const used = async (key: string) =>
    (await spillway.quota(key)).find((line) => line.name === "requests-per-minute")?.used;
  const before = await used(old.key);
  // Not used yet: the old one's time does not run.
  expect(
    (await spillway.admin<{ keys: Key[] }>("GET", "keys?tenant=acme")).keys.find((key) => key.id === old.id)?.expiresAt,
  ).toBe(old.expiresAt);
  expect(await status(fresh.key)).toBe(200);
  expect(await used(old.key)).toBe(await used(fresh.key));
  expect(await used(fresh.key)).toBeGreaterThan((before ?? 0) - 1);
  let dropped = 0;
  await until("the old one to end", async () => {
    const answer = await status(old.key);
    if (answer !== 200 && answer !== 401) dropped += 1;
    if ((await status(fresh.key)) !== 200) dropped += 1;
    return answer === 401;
  });
  expect([dropped, await code(old.key)]).toEqual([0, "key_expired"]);
});

test("a rotation under load drops nothing: the old key works until its end, the new one from its first call on", async () => {
  const old = await post("keys", { tenant: "acme", name: "busy" });
  const fresh = await post(`keys/${old.id}/rotate`, { overlapSeconds: 2 });
  const seen = { old: new Map<number, number>(), fresh: new Map<number, number>() };
  const CALLS = 50;
  let isOver = false;
  const caller = async (which: "old" | "fresh") => {
    // The new one's first call ends the old one's time: the load is there by then.
    if (which === "fresh") await until("the load", () => (seen.old.get(200) ?? 0) > CALLS);
    while (!isOver) {
      const answer = await status(which === "old" ? old.key : fresh.key);
      seen[which].set(answer, (seen[which].get(answer) ?? 0) + 1);
      if (which === "old" && answer === 401) isOver = true;
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, index) => caller(index % 2 === 0 ? "old" : "fresh")));
  expect([...seen.fresh.keys()]).toEqual([200]);
  expect([...seen.old.keys()].sort()).toEqual([200, 401]);
  expect(seen.old.get(200)).toBeGreaterThan(CALLS);
});

test("a revoked key's next call is a 401; a leaked key's running calls are cut", async () => {
  const [one, two] = [
    await post("keys", { tenant: "acme", name: "one" }),
    await post("keys", { tenant: "acme", name: "two" }),
  ];
  expect(await status(one.key)).toBe(200);
  await post(`keys/${one.id}/revoke`, { reason: "left the company" });
  expect(await code(one.key)).toBe("invalid_api_key");
  await post(`keys/${one.id}/revoke`, { reason: "again" }, [409]);
  await provider.play({ mode: "endless", tokenMs: 5, times: 1 });
  const running = await spillway.chat(two.key, { stream: true });
  const text = running.text();
  await post(`keys/${two.id}/leaked`, { reason: "found in a public repository" });
  expect(await text).toContain("kill_switch_active");
  expect(await code(two.key)).toBe("invalid_api_key");
});

test("a suspended tenant's next call is a 403, and passes again when it is active", async () => {
  const made = await post("keys", { tenant: "acme", name: "suspended" });
  expect(await status(made.key)).toBe(200);
  await spillway.admin("PATCH", "tenants/acme", { status: "suspended", reason: "unpaid" });
  expect(await code(made.key)).toBe("tenant_suspended");
  await spillway.admin("PATCH", "tenants/acme", { status: "active", tier: "enterprise" });
  expect(await status(made.key)).toBe(200);
});

test("a key lives longer than 90 days only where its tier says so, and its last call tells from where", async () => {
  await spillway.admin("PATCH", "tenants/acme", { tier: "enterprise" });
  const tier = await spillway.admin<{ slug: string; version: number; limits: object[] }>("GET", "tiers/enterprise");
  const allow = async (keyDaysMax: number | null) => {
    const { version } = await spillway.admin<{ version: number }>("GET", "tiers/enterprise");
    await spillway.admin("PUT", "tiers/enterprise", { ...tier, version, keyDaysMax });
  };
  const long = { tenant: "acme", name: "long", environment: "development", expiresInDays: 365 };
  await post("keys", long, [400]);
  await allow(365);
  const made = await post("keys", long);
  await post("keys", { ...long, expiresInDays: null }, [400]);
  await allow(null);
  expect((await post("keys", { ...long, expiresInDays: null })).expiresAt).toBeNull();
  await allow(30);
  // What was given stays; what is made from it does not outlive what is allowed now.
  const fresh = await post(`keys/${made.id}/rotate`, {});
  expect(Math.round((Date.parse(fresh.expiresAt ?? "") - Date.now()) / 86_400_000)).toBe(30);
  await allow(90);
  expect(await status(made.key)).toBe(200);
  const last = await until("its call", async () => {
    const { calls } = await spillway.admin<{ calls: { key: string; address: string }[] }>(
      "GET",
      `keys/last-calls?ids=${made.id},${fresh.id}`,
    );
    return calls.length > 0 ? calls : null;
  });
  expect(last).toMatchObject([{ key: made.id, address: "127.0.0.1" }]);
});

test.each([
  ["tenants", { slug: "Bad Slug", name: "x", tier: "free" }, 400],
  ["tenants", { slug: "acme", name: "x", tier: "free" }, 409],
  ["tenants", { slug: "other", name: "x", tier: "none" }, 400],
  ["tenants", { slug: "other", name: "x", tier: "free", timeZone: "Mars/Olympus" }, 400],
  ["keys", { tenant: "none", name: "x" }, 404],
  ["keys", { tenant: "acme", name: "x", ipAllow: ["not an address"] }, 400],
  ["keys", { tenant: "acme", name: "x", expiresInDays: 0 }, 400],
  ["keys", { tenant: "acme", name: "x", expiresInDays: 91 }, 400],
  ["keys", { tenant: "acme", name: "x", expiresInDays: null }, 400],
  ["keys", { tenant: "acme", name: "x", environment: "live" }, 400],
  ["keys", { tenant: "acme", name: "x", hmac: "mine" }, 400],
  ["keys/nobody/revoke", { reason: "x" }, 404],
])("POST %s %j → %i", async (path, body, expected) => {
  await post(path, body, [expected]);
});

test("the admin API describes itself, to operators only", async () => {
  const described = await spillway.admin<{ openapi: string; paths: Record<string, object> }>("GET", "openapi.json");
  expect(described.openapi).toBe("3.1.0");
  expect(Object.keys(described.paths["/api/admin/keys"] ?? {})).toEqual(["get", "post"]);
  expect((await fetch(`${spillway.baseUrl}/api/admin/openapi.json`)).status).toBe(401);
});
