import { z } from "zod";
import { listCatalog } from "@/db/queries/catalog/catalog";
import { modelFigures, modelRefusals } from "@/db/queries/catalog/model-figures";
import { DAY_MS, MINUTE_MS } from "@/lib/clock";
import { requestIdAt } from "@/lib/request-id";
import type { AdminRequest } from "../kernel/door";

const LOOK_BACK_MINUTES = 60;

export const figuresQuery = z.strictObject({
  minutes: z.coerce
    .number()
    .int()
    .min(1)
    .max(DAY_MS / MINUTE_MS)
    .default(LOOK_BACK_MINUTES),
});

const NO_CALLS = {
  calls: 0,
  failed: 0,
  inputTokens: 0,
  outputTokens: 0,
  costMicroUsd: 0,
  p50Ms: null,
  p95Ms: null,
  p99Ms: null,
  firstP50Ms: null,
  firstP95Ms: null,
  tokensPerSecond: null,
};

/** GET /api/admin/models?minutes=: each model with its speed, failures and cost in the last minutes. */
export async function listModels({ context, input }: AdminRequest<typeof figuresQuery>) {
  await context.drainBooks();
  const since = context.clock.now() - input.minutes * MINUTE_MS;
  const [{ models, providers, prices }, figures, refusals] = await Promise.all([
    listCatalog(context.db),
    modelFigures(context.db, new Date(since)),
    modelRefusals(context.db, requestIdAt(since)),
  ]);
  const providerOf = new Map(providers.map(({ id, slug }) => [id, slug]));
  const figuresOf = new Map(figures.map(({ model, ...rest }) => [model, rest]));
  const priceOf = new Map(prices.map((price) => [price.modelId, price]));
  return {
    body: {
      minutes: input.minutes,
      models: models.map((model) => {
        const price = priceOf.get(model.id);
        const { slug, upstreamName, contextTokens, maxOutputTokens, defaultOutputTokens, fallbacks, enabled } = model;
        return {
          slug,
          upstreamName,
          contextTokens,
          maxOutputTokens,
          defaultOutputTokens,
          fallbacks,
          enabled,
          provider: providerOf.get(model.providerId) ?? "",
          price:
            price === undefined
              ? null
              : { input: price.inputMicroUsdPerMillion, output: price.outputMicroUsdPerMillion },
          ...(figuresOf.get(slug) ?? NO_CALLS),
          refused: refusals.get(slug) ?? 0,
        };
      }),
    },
  };
}
