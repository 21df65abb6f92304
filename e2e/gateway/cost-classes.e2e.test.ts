import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let provider: Provider;
let user = "";

beforeAll(async () => {
  [spillway, provider] = await Promise.all([Spillway.run(), Provider.run()]);
  await provider.serve(spillway);
  const current = await spillway.admin<{ limits: { name: string; capacity: number }[] }>("GET", "tiers/standard");
  const requests = {
    name: "user-requests",
    layer: "user",
    dimension: "requests",
    algorithm: "token_bucket",
    capacity: 10,
    refill: 1,
    windowSeconds: 31_000_000,
  };
  const limits = [...current.limits.map((limit) => ({ ...limit, capacity: 1_000_000_000 })), requests];
  await spillway.admin("PUT", "tiers/standard", { ...current, limits });
});
afterAll(async () => {
  await spillway.stop();
  await provider.stop();
});
let users = 0;
beforeEach(() => {
  user = `user ${users++}`;
});

const call = (feature: string) =>
  spillway.chat(
    spillway.demo.keys.standard,
    { max_tokens: 1000 },
    { headers: { "x-spillway-user": user, "x-spillway-feature": feature } },
  );

async function used(): Promise<number | undefined> {
  const headers = { authorization: `Bearer ${spillway.demo.keys.standard}`, "x-spillway-user": user };
  const { limits } = await (await fetch(`${spillway.baseUrl}/v1/quota`, { headers })).json();
  return limits.find((limit: { name: string }) => limit.name === "user-requests")?.used;
}

test("a call counts as the requests of its feature's class, in flight, settled, refused and explained", async () => {
  await spillway.admin("PUT", "tenants/standard/features/report", { costClass: "L" });
  const answers = [await call("report"), await call("report"), await call("report")];
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 429]);
  for (const answer of answers) expect(answer.headers.get("x-spillway-cost-class")).toBe("L; requests=4");
  const [first, , refused] = answers;
  expect(first?.headers.get("x-ratelimit-remaining-requests")).toBe("6");
  const { error } = await (refused ?? Response.error()).json();
  expect(error).toMatchObject({ dimension: "requests", asked: 4, remaining: 2 });
  expect(error.message).toContain("This call needs 4 requests");
  // Settled, they still count as what they were admitted for.
  await until("both rows", async () => (await spillway.ledgerRow(first?.headers.get("x-request-id") ?? "")) !== null);
  await until("eight to be used", async () => (await used()) === 8);
  const id = refused?.headers.get("x-request-id");
  const explained = await spillway.admin<{ again: { limits: { name: string; asked: number; fits: boolean }[] } }>(
    "GET",
    `explain?requestId=${id}`,
  );
  expect(explained.again.limits.find(({ name }) => name === "user-requests")).toMatchObject({ asked: 4, fits: false });
  // What is left is enough for two calls without a class.
  expect([(await call("other")).status, (await call("other")).status, (await call("other")).status]).toEqual([
    200, 200, 429,
  ]);
});

test("what a class counts is the tenant's own figure, and every change is in the audit log", async () => {
  await spillway.admin("PUT", "tenants/standard/features/digest", { costClass: "XL" });
  expect(await spillway.admin("PUT", "tenants/standard/classes", { XL: 3 })).toEqual({
    tenant: "standard",
    permits: { S: 1, M: 2, L: 4, XL: 3 },
  });
  expect((await call("digest")).headers.get("x-spillway-cost-class")).toBe("XL; requests=3");
  await until("three to be used", async () => (await used()) === 3);
  const wrong = spillway.admin("PUT", "tenants/standard/classes", { XL: 0 });
  await expect(wrong).rejects.toThrow(/400/);
  const { features, permits } = await spillway.admin<{ features: object[]; permits: object }>(
    "GET",
    "tenants/standard/features",
  );
  expect(permits).toEqual({ S: 1, M: 2, L: 4, XL: 3 });
  expect(features).toContainEqual(expect.objectContaining({ feature: "digest", costClass: "XL", calls: 1 }));
  const audit = await spillway.admin<{ rows: { action: string; before: unknown; after: unknown }[] }>("GET", "audit");
  expect(audit.rows).toContainEqual(
    expect.objectContaining({
      action: "classes.put",
      before: { S: 1, M: 2, L: 4, XL: 8 },
      after: { S: 1, M: 2, L: 4, XL: 3 },
    }),
  );
});
