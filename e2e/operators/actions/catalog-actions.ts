import { expect } from "vitest";
import type { AdminClient, Ask } from "../../fixtures/admin-client";

export type Performed = {
  readonly client: AdminClient;
  /** Performs a change and demands that it left exactly one audit row, of that action. */
  readonly change: <Answer = { id: string }>(operationId: string, ask: Ask, action: string) => Promise<Answer>;
};

const reason = "because the test says so";

/** Everything that can be done to providers, models and prices. */
export async function performCatalog({ client, change }: Performed): Promise<void> {
  const provider = { name: "Other", baseUrl: "https://api.example.com/v1" };
  await change("putProvidersSlug", { path: { slug: "other" }, body: provider }, "providers.put");
  const service = { inService: false, reason };
  await change("putUpstreamSlug", { path: { slug: "other" }, body: service }, "providers.take_out");
  await client.perform("getUpstream");
  const sizes = { contextTokens: 1000, maxOutputTokens: 100, defaultOutputTokens: 50 };
  const price = { inputMicroUsdPerMillion: 5, outputMicroUsdPerMillion: 9 };
  const other = { provider: "other", ...sizes };
  await change("putModelsSlug", { path: { slug: "other-1" }, body: { ...other, price } }, "models.put");
  const later = new Date(Date.now() + 86_400_000).toISOString();
  await change(
    "postPrices",
    { body: { model: "other-1", ...price, validFrom: later, source: "contract" } },
    "prices.add",
  );
  // Without a price of its own it keeps the one it has, and those to come.
  const kept = await change<{ price: object }>(
    "putModelsSlug",
    { path: { slug: "other-1" }, body: { ...other, contextTokens: 2000, price: "keep" } },
    "models.put",
  );
  expect(kept.price).toMatchObject(price);
  const { prices } = await client.perform<{ prices: { state: string }[] }>("getPrices", {
    query: { model: "other-1" },
  });
  expect(prices.map(({ state }) => state)).toEqual(["to come", "in force"]);
  const coverage = await client.perform<{ models: { model: string; fault: string | null }[] }>("getPricesCoverage");
  expect(coverage.models.find(({ model }) => model === "sim-small")?.fault).toBeNull();
  expect(await client.perform("postConnectionTests", { body: { provider: "simulator" } })).toMatchObject({
    outcome: "built_in",
  });
  await removeCatalog({ client, change });
}

/** What is still needed is not removed, and the answer names what needs it. */
async function removeCatalog({ client, change }: Performed): Promise<void> {
  const { models } = await client.perform<{ models: { slug: string; calls: number; p95Ms: number | null }[] }>(
    "getModels",
    { query: { minutes: "60" } },
  );
  expect(models.find(({ slug }) => slug === "other-1")).toMatchObject({ calls: 0, p95Ms: null });
  const called = models.find(({ slug }) => slug === "sim-small");
  expect(called?.calls).toBeGreaterThan(0);
  expect(called?.p95Ms).toBeGreaterThan(0);
  const remove = (operationId: string, slug: string) =>
    client.perform(operationId, { path: { slug }, body: { reason } });
  await expect(remove("deleteProvidersSlug", "other")).rejects.toThrow(/409.*serves other-1/);
  const facts = {
    provider: "other",
    contextTokens: 1000,
    maxOutputTokens: 100,
    defaultOutputTokens: 50,
    price: { inputMicroUsdPerMillion: 5, outputMicroUsdPerMillion: 9 },
  };
  await client.perform("putModelsSlug", { path: { slug: "other-2" }, body: { ...facts, fallbacks: ["other-1"] } });
  await expect(remove("deleteModelsSlug", "other-1")).rejects.toThrow(/409.*is a fallback of other-2/);
  for (const slug of ["other-2", "other-1"])
    await change("deleteModelsSlug", { path: { slug }, body: { reason } }, "models.remove");
  await change("deleteProvidersSlug", { path: { slug: "other" }, body: { reason } }, "providers.remove");
}
