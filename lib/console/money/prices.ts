import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { listCatalog } from "@/db/queries/catalog/catalog";
import { coverageSince, insertPrice, readPrices, unpricedRefusals } from "@/db/queries/money/prices";
import { DAY_MS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import { type Price, priceOf } from "@/lib/money/price";
import { knownPrice } from "@/lib/providers/known-prices";
import { presetOf } from "@/lib/providers/presets/presets.shared";
import { needsConfirmation } from "../access/sessions";
import { change } from "../kernel/change";
import type { AdminRequest } from "../kernel/door";
import { moment } from "../kernel/input";
import { priceFields, priceFrom, priceRow, priceWords } from "./price-input";

export const priceInput = z.strictObject({
  model: z.string().min(1).max(128),
  /** from when on it holds; absent = from now. Calls keep the price that they were made at. */
  validFrom: moment.optional(),
  ...priceFields,
  /** who says so: a contract, a price list's date */
  source: z.string().trim().min(1).max(200).default("operator"),
});

export type PriceView = Awaited<ReturnType<typeof listPrices>>["body"]["prices"][number];

export const pricesQuery = z.object({ model: z.string().max(128).optional() });

/** GET /api/admin/prices?model=: every price with the day from which it holds, newest first; future ones too. */
export async function listPrices({ context, input }: AdminRequest<typeof pricesQuery>) {
  const rows = await readPrices(context.db, input.model ?? null);
  const now = context.clock.now();
  const inForce = new Set<string>();
  return {
    body: {
      prices: rows.map(({ price: row, model }) => {
        const { id, source, validFrom } = row;
        const isNow = validFrom.getTime() <= now && !inForce.has(model);
        if (isNow) inForce.add(model);
        const state = isNow ? "in force" : validFrom.getTime() > now ? "to come" : "past";
        return { id, source, ...priceWords(priceOf(row)), model, validFrom: validFrom.toISOString(), state };
      }),
    },
  };
}

/** POST /api/admin/prices: a price from now on, or from a day to come. What was charged before stays charged. */
export async function addPrice({ context, actor, input }: AdminRequest<typeof priceInput>) {
  const { model: slug, validFrom, source, ...rates } = input;
  needsConfirmation({ context, actor }, "Changing a price");
  const now = context.clock.now();
  const from = validFrom === undefined ? new Date(now) : new Date(validFrom);
  if (from.getTime() < now - DAY_MS) {
    const message =
      "A price cannot start in the past, because calls keep the price at which they were admitted. Use reconciliation.";
    throw new PublicError("invalid_value", message, { param: "validFrom" });
  }
  const model = (await listCatalog(context.db)).models.find((row) => row.slug === slug);
  if (model === undefined) throw new PublicError("invalid_value", `There is no model "${slug}".`, { param: "model" });
  const price = priceFrom(rates);
  const row = { ...priceRow(price), source, modelId: model.id, validFrom: from };
  await change(context, actor, async (tx) => {
    await insertPrice(tx, row);
    const after = { ...priceWords(price), source };
    const entry = {
      action: "prices.add",
      target: slug,
      before: null,
      after: { ...after, validFrom: from.toISOString() },
    };
    return { result: null, change: { ...entry, reason: null } };
  });
  return {
    status: 201,
    body: { model: slug, ...priceWords(price), source, validFrom: from.toISOString() },
  };
}

export type CoverageLine = {
  readonly model: string;
  readonly provider: string;
  readonly enabled: boolean;
  readonly calls: number;
  readonly costMicroUsd: number;
  readonly pricedSince: string | null;
  /** the fault of its price; null = none */
  readonly fault: "no price" | "costs nothing" | "differs from the list price" | null;
};

/** GET /api/admin/prices/coverage: which models have a sound price, and how many calls of 30 days had none. */
export async function priceCoverage({ context }: Pick<AdminRequest, "context">) {
  await context.drainBooks();
  // From midnight, UTC: the sums are per day.
  const since = new Date(Math.ceil(context.clock.now() / DAY_MS - 30) * DAY_MS);
  const [rows, refused] = await context.shared.coverage.get(
    `${since.getTime()} ${context.policy.snapshot.version}`,
    () => Promise.all([coverageSince(context.db, since), unpricedRefusals(context.db, since)]),
  );
  const lines = rows.map((row): CoverageLine => {
    const { model, provider, enabled, calls, costMicroUsd, pricedSince } = row;
    const fault = faultOf(context.policy.snapshot.models.get(model), row);
    const priced = pricedSince?.toISOString() ?? null;
    return { model, provider, enabled, calls: calls ?? 0, costMicroUsd: costMicroUsd ?? 0, pricedSince: priced, fault };
  });
  const unpriced = lines.filter(({ fault }) => fault === "costs nothing").reduce((sum, { calls }) => sum + calls, 0);
  return {
    body: { since: since.toISOString(), models: lines, refusedForWantOfPrice: refused, callsThatCostNothing: unpriced },
  };
}

type Priced = {
  readonly upstreamName: string;
  readonly provider: { readonly preset: string | null };
  readonly price: Price | null;
};

function faultOf(
  model: Priced | undefined,
  row: { pricedSince: Date | null; calls: number | null; costMicroUsd: number | null; tokens: number | null },
): CoverageLine["fault"] {
  if (row.pricedSince === null) return "no price";
  if ((row.tokens ?? 0) > 0 && row.costMicroUsd === 0) return "costs nothing";
  const listed = model === undefined ? null : knownPrice(model.upstreamName, presetOf(model.provider.preset)?.prices);
  const price = model?.price ?? null;
  if (listed === null || price === null) return null;
  // Service tiers are not in the list.
  const { serviceTiers: _tiers, ...own } = price;
  return isDeepStrictEqual(listed, own) ? null : "differs from the list price";
}
