import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;

beforeAll(async () => {
  spillway = await Spillway.run({ LOG_LEVEL: "info" });
  await spillway.admin("POST", "tenants", { slug: "acme", name: "Acme", tier: "enterprise" });
});
afterAll(() => spillway.stop());

type Key = {
  readonly id: string;
  readonly key: string;
  readonly family: string;
  readonly expiresAt: string | null;
  readonly status: string;
};
type Rotated = { readonly key: string; readonly expires_at: string | null; readonly old_key_overlap_seconds: number };

const make = (more: object) => spillway.admin<Key>("POST", "keys", { tenant: "acme", name: "app", ...more });
const rotate = (key: string, { body = {}, headers = {} }: { body?: object; headers?: object } = {}) =>
  fetch(`${spillway.baseUrl}/v1/key/rotate`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const rotated = async (key: string): Promise<Rotated> => {
  const answer = await rotate(key);
  expect(answer.status).toBe(201);
  return answer.json();
};
const codeOf = async (answer: Response) => [answer.status, (await answer.json()).error?.code];
const idOf = (key: string) => key.split("_")[2] ?? "";
const keyOf = async (id: string) => {
  const { keys } = await spillway.admin<{ keys: (Key & Record<string, unknown>)[] }>("GET", `keys?find=${id}`);
  return keys[0];
};

test("a holder rotates an allowed key: same rights, counters and end, and the old key ends after its overlap", async () => {
  const rights = { models: ["sim-small"], endpoints: ["chat"], ipAllow: ["127.0.0.0/8"], priority: "batch" };
  const terms = { bodyMbMax: 2, expiresInDays: 20, rotateEveryDays: 10, environment: "staging" };
  const old = await make({ ...rights, ...terms, holderMayRotate: true });
  const answer = await rotate(old.key);
  expect([answer.status, answer.headers.get("cache-control")]).toEqual([201, "no-store"]);
  const fresh: Rotated = await answer.json();
  expect(fresh).toEqual({
    key: expect.stringMatching(/^sw_test_/),
    expires_at: old.expiresAt,
    old_key_overlap_seconds: 86_400,
  });
  expect(await keyOf(idOf(fresh.key))).toMatchObject({
    ...rights,
    ...{ bodyMbMax: 2, rotateEveryDays: 10, environment: "staging", expiresAt: old.expiresAt, family: old.family },
    ...{ rotates: old.id, overlapSeconds: 86_400, holderMayRotate: true, madeByHolder: true },
  });
  expect((await spillway.chat(fresh.key)).status).toBe(200);
  expect((await spillway.chat(fresh.key, { model: "sim-large" })).status).toBe(403);
  // The old key's end, as after an operator's rotation: a day after the first use of the new key.
  const end = await until("the old key's end", async () => {
    const at = (await keyOf(old.id))?.expiresAt ?? null;
    return at === old.expiresAt ? null : at;
  });
  expect(Math.round((Date.parse(end) - Date.now()) / 3_600_000)).toBe(24);
  expect((await spillway.chat(old.key)).status).toBe(200);
});

test("it is audited with the key as the actor, and the new key stands nowhere else", async () => {
  const old = await make({ holderMayRotate: true });
  const fresh = await rotated(old.key);
  const { rows } = await spillway.admin<{ rows: Record<string, unknown>[] }>("GET", "audit");
  expect(rows[0]).toMatchObject({
    action: "keys.rotate",
    actor: `key ${old.id}`,
    role: "holder",
    target: idOf(fresh.key),
  });
  const everywhere = [rows, await spillway.admin("GET", "keys"), spillway.process.output()];
  expect(JSON.stringify(everywhere)).not.toContain(fresh.key.split("_")[3]);
  expect((await spillway.admin("GET", "audit/verify")).faults).toEqual([]);
});

test("not allowed unless an operator says so, and from then on", async () => {
  const old = await make({});
  expect(await codeOf(await rotate(old.key))).toEqual([403, "rotation_not_allowed"]);
  await spillway.admin("PATCH", `keys/${old.id}`, { holderMayRotate: true });
  const fresh = await rotated(old.key);
  await spillway.admin("PATCH", `keys/${idOf(fresh.key)}`, { holderMayRotate: false });
  await spillway.admin("POST", `keys/${old.id}/revoke`, { reason: "over" });
  expect(await codeOf(await rotate(fresh.key))).toEqual([403, "rotation_not_allowed"]);
});

test("one rotation at a time: a replay, twenty at once and the successor's own rotation make no further key", async () => {
  const old = await make({ holderMayRotate: true });
  const answers = await Promise.all(Array.from({ length: 20 }, () => rotate(old.key)));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
  expect(await codeOf(await rotate(old.key))).toEqual([409, "conflict"]);
  const made = await answers.find(({ status }) => status === 201)?.json();
  // Neither before its first use, nor while the old key's time runs.
  expect(await codeOf(await rotate(made.key))).toEqual([409, "conflict"]);
  expect((await spillway.chat(made.key)).status).toBe(200);
  expect(await codeOf(await rotate(made.key))).toEqual([409, "conflict"]);
  await spillway.admin("POST", `keys/${old.id}/revoke`, { reason: "over" });
  await rotated(made.key);
});

test("nobody else's key, and no key that has ended or may not be used from here", async () => {
  const [mine, other] = [await make({ holderMayRotate: true }), await make({ holderMayRotate: true })];
  for (const body of [{ id: other.id }, { key: other.id }, { overlapSeconds: 604_800 }, { models: null }]) {
    expect((await rotate(mine.key, { body })).status, JSON.stringify(body)).toBe(400);
  }
  expect((await rotate(mine.key, { headers: { "x-api-key": other.key } })).status).toBe(400);
  expect((await keyOf(other.id))?.rotates).toBeNull();
  const far = await make({ holderMayRotate: true, ipAllow: ["10.0.0.0/8"] });
  expect(await codeOf(await rotate(far.key))).toEqual([403, "ip_not_allowed"]);
  const braked = await make({ holderMayRotate: true });
  await spillway.admin("POST", "brakes", {
    scope: { key: braked.id },
    mode: "block",
    reason: "too loud",
    expiresInSeconds: null,
  });
  expect(await codeOf(await rotate(braked.key))).toEqual([403, "rotation_not_allowed"]);
  await spillway.admin("POST", `keys/${mine.id}/revoke`, { reason: "left" });
  expect(await codeOf(await rotate(mine.key))).toEqual([401, "invalid_api_key"]);
  const ended = await make({ holderMayRotate: true });
  const next = await spillway.admin<Key>("POST", `keys/${ended.id}/rotate`, { overlapSeconds: 0 });
  expect((await spillway.chat(next.key)).status).toBe(200);
  await until("its end", async () => (await keyOf(ended.id))?.status === "expired");
  expect(await codeOf(await rotate(ended.key))).toEqual([401, "key_expired"]);
  await spillway.admin("PATCH", "tenants/acme", { status: "suspended", reason: "unpaid" });
  expect(await codeOf(await rotate(other.key))).toEqual([403, "tenant_suspended"]);
  await spillway.admin("PATCH", "tenants/acme", { status: "active" });
});

test("a page of another site cannot rotate: no cookie counts, and no answer lets it in", async () => {
  const url = `${spillway.baseUrl}/v1/key/rotate`;
  const headers = { origin: "https://evil.example", "content-type": "application/json", cookie: "session=x" };
  expect((await fetch(url, { method: "POST", headers, body: "{}" })).status).toBe(401);
  const asked = await fetch(url, { method: "OPTIONS", headers });
  expect([...asked.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  expect((await fetch(url)).status).toBe(405);
});

test("a report of a leak revokes every successor that a holder of the key made, but none of an operator", async () => {
  const old = await make({ holderMayRotate: true });
  const first = await rotated(old.key);
  expect((await spillway.chat(first.key)).status).toBe(200);
  await spillway.admin("POST", `keys/${old.id}/leaked`, { reason: "in a public repository" });
  expect(await codeOf(await spillway.chat(first.key))).toEqual([401, "invalid_api_key"]);
  expect((await keyOf(idOf(first.key)))?.status).toBe("revoked");
  const other = await make({ holderMayRotate: true });
  const byOperator = await spillway.admin<Key>("POST", `keys/${other.id}/rotate`, {});
  await spillway.admin("POST", `keys/${other.id}/leaked`, { reason: "in a public repository" });
  expect((await spillway.chat(byOperator.key)).status).toBe(200);
});
