import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
beforeAll(async () => {
  spillway = await Spillway.run();
});
afterAll(() => spillway.stop());

type Tier = { version: number; limits: Record<string, unknown>[] };

async function limitTo(limits: readonly Record<string, unknown>[]): Promise<void> {
  const tier = await spillway.admin<Tier>("GET", "tiers/standard");
  await spillway.admin("PUT", "tiers/standard", { ...tier, limits });
}

const requests = { layer: "tenant", dimension: "requests", algorithm: "token_bucket" };
const send = (key: string, priority?: string) =>
  spillway.chat(key, {}, { headers: priority === undefined ? {} : { "x-spillway-priority": priority } });
const servedAs = (answer: Response) => answer.headers.get("x-spillway-priority");

test("a limit for batch holds for batch and what is less urgent, and leaves the rest alone", async () => {
  const key = spillway.demo.keys.standard;
  await limitTo([
    { ...requests, name: "all", capacity: 100, windowSeconds: 3600 },
    { ...requests, name: "batch-share", capacity: 2, windowSeconds: 3600, match: { priority: "batch" } },
  ]);
  const served = [await send(key, "batch"), await send(key, "Background")];
  expect(served.map(servedAs)).toEqual(["batch", "background"]);
  expect(served.map((answer) => answer.status)).toEqual([200, 200]);
  const refused = await send(key, "batch");
  expect([refused.status, servedAs(refused)]).toEqual([429, "batch"]);
  expect(await refused.json()).toMatchObject({ error: { limit_name: "batch-share" } });
  const [usual, urgent] = [await send(key), await send(key, "interactive")];
  expect([usual, urgent].map((answer) => [answer.status, servedAs(answer)])).toEqual([
    [200, "standard"],
    [200, "interactive"],
  ]);
  // Of two twins that differ in priority alone, the books know which was which, and so does the replay of a draft.
  const { rows } = await until("the rows", async () => {
    const answer = await spillway.admin<{ rows: { priority: string }[] }>("GET", "ledger?tenant=standard");
    return answer.rows.length === 4 && answer;
  });
  expect(rows.map((row) => row.priority).sort()).toEqual(["background", "batch", "interactive", "standard"]);
  const draft = { ...requests, name: "batch-share", capacity: 1, windowSeconds: 3600, match: { priority: "batch" } };
  // Refusals are written after their answers.
  const replayed = await until("the refusal", async () => {
    const answer = await spillway.admin<{ calls: number }>("POST", "tiers/standard/replay", { limits: [draft] });
    return answer.calls === 5 && answer;
  });
  expect(replayed).toMatchObject({
    calls: 5,
    servedInFact: 4,
    now: { refused: 1, limits: [{ limit: "batch-share", refused: 1 }] },
    draft: { refused: 2, limits: [{ limit: "batch-share", refused: 2 }] },
  });
  // With room for it the call that was refused would have come through.
  const looser = { ...draft, capacity: 3 };
  expect(await spillway.admin("POST", "tiers/standard/replay", { limits: [looser] })).toMatchObject({
    draft: { refused: 0 },
  });
  const id = refused.headers.get("x-request-id");
  expect(await spillway.admin("GET", `explain?requestId=${id}`)).toMatchObject({
    refused: { priority: "batch" },
    again: { isAdmitted: false, limits: [{ name: "all" }, { name: "batch-share", fits: false }] },
  });
});

test("a call is never more urgent than its key allows; an unknown priority is an error and costs nothing", async () => {
  await limitTo([{ ...requests, name: "few", capacity: 3, windowSeconds: 3600 }]);
  const made = { tenant: "standard", name: "Nightly", priority: "batch" };
  const { key, id } = await spillway.admin<{ key: string; id: string }>("POST", "keys", made);
  const wrong = await send(key, "critical");
  expect(wrong.status).toBe(400);
  expect(await wrong.json()).toMatchObject({ error: { code: "invalid_value", param: "x-spillway-priority" } });
  expect(servedAs(await send(key, "interactive"))).toBe("batch");
  expect(servedAs(await send(key))).toBe("batch");
  await spillway.admin("PATCH", `keys/${id}`, { priority: "background" });
  expect(servedAs(await send(key))).toBe("background");
  expect((await send(key)).status).toBe(429);
});

test("a brake for batch stops batch and what is less urgent, running calls of it too, and nothing else", async () => {
  const key = spillway.demo.keys.enterprise;
  const scope = { priority: "batch", model: "sim-*" };
  await send(key, "batch");
  type Meets = { callsPerMinute: number };
  const meets = (of: object) =>
    spillway.admin<Meets>("POST", "brakes/dry-run", { scope: { tenant: "enterprise", ...of } });
  const met = await until("its row", async () => {
    const answer = await meets(scope);
    return answer.callsPerMinute > 0 && answer;
  });
  expect(met).toMatchObject({ callsPerMinute: 0.2, tenants: 1 });
  expect(await meets({ priority: "background" })).toMatchObject({ callsPerMinute: 0, tenants: 0 });
  const order = { scope, mode: "block", reason: "room for those who wait", expiresInSeconds: 60 };
  const { id } = await spillway.admin<{ id: string }>("POST", "brakes", order);
  const statuses = [];
  for (const priority of ["interactive", "standard", "batch", "background"]) {
    statuses.push((await send(key, priority)).status);
  }
  expect(statuses).toEqual([200, 200, 503, 503]);
  await spillway.admin("DELETE", `brakes/${id}`, {});
  expect((await send(key, "background")).status).toBe(200);
  const nothing = { ...order, scope: { model: "gpt-*" } };
  expect(await spillway.admin("POST", "brakes", nothing, [400])).toMatchObject({
    detail: 'There is no model "gpt-*".',
  });
});
