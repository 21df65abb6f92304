import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { keys } from "@/db/schema/tenancy";
import { targetNames } from "./target-names";

let database: TestDatabase;
let key = "";
beforeAll(async () => {
  database = await startTestDatabase({ demoAt: Date.now() });
  const rows = await database.opened.db.select({ id: keys.id, name: keys.name, tenant: keys.tenantId }).from(keys);
  key = rows.find(({ name }) => name === "First key")?.id ?? "";
}, 600_000);
afterAll(() => database.close());

const TIERS = [{ slug: "free", name: "Free" }];
const nameOf = async (action: string, target: string, after: unknown = null, before: unknown = null) =>
  (await targetNames(database.opened.db, TIERS, [{ action, target, before, after }]))[0];

test("the objects of changes have the names that people use", async () => {
  expect(await nameOf("tenants.link", "free")).toBe("Fern Street Florist");
  expect(await nameOf("tiers.publish", "free")).toBe("Free");
  expect(await nameOf("keys.revoke", key)).toMatch(/^"First key" of \w/);
  const scope = { tenant: "free", model: "sim-small" };
  expect(await nameOf("brakes.set", "brk_1", { scope })).toBe(
    "Calls of tenant Fern Street Florist and model sim-small",
  );
  expect(await nameOf("brakes.lift", "brk_1", null, { scope: {} })).toBe("All calls");
  const override = { tenant: "free", limit: "tokens-per-minute" };
  expect(await nameOf("overrides.remove", "ovr_1", null, override)).toBe("tokens-per-minute of Fern Street Florist");
  expect(await nameOf("budgets.edit", "team", { name: "Team" })).toBe("Team");
});

test("what was removed has the name of its row, or none", async () => {
  expect(await nameOf("tenants.create", "gone", { name: "Gone & Co" })).toBe("Gone & Co");
  expect(await nameOf("tiers.remove", "gone")).toBeNull();
  expect(await nameOf("keys.revoke", "nobody")).toBeNull();
  expect(await nameOf("overrides.create", "ovr_2", { tenant: "gone-*", limit: "rpm" })).toBe("rpm of gone-*");
  expect(await nameOf("brakes.set", "brk_2", { scope: "of a former version" })).toBeNull();
  expect(await nameOf("access.sign-in", "ann@example.test")).toBeNull();
});
