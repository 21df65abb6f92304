import { sql } from "drizzle-orm";
import { bigint, boolean, check, index, integer, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import type { Priority } from "@/lib/limits/rules/priority";
import type { PriceMore } from "@/lib/money/price";

/** Upstreams that speak a known dialect. */
export const providers = pgTable("providers", {
  id: text("id").primaryKey(),
  slug: text("slug").notNull().unique(),
  name: text("name").notNull(),
  /** openai or anthropic */
  dialect: text("dialect").notNull(),
  /** which kind of provider it is: how calls are placed and proven. null = its dialect says all */
  preset: text("preset"),
  /** up to and including the version segment: https://api.openai.com/v1 */
  baseUrl: text("base_url").notNull(),
  /** name of the environment variable that holds the credential; null = none is sent */
  credentialEnv: text("credential_env"),
  /** the credential itself, sealed under CREDENTIALS_KEY; comes before the variable. null = none is kept here */
  credentialSealed: text("credential_sealed"),
  credentialLast4: text("credential_last4"),
  /** may point at a loopback or private address (vLLM, Ollama, the simulator) */
  allowLocal: boolean("allow_local").notNull().default(false),
  /** reports usage so far with every stream event when asked (vLLM and the simulator do) */
  continuousUsage: boolean("continuous_usage").notNull().default(false),
  /** is sent no members of a body that we do not know */
  strict: boolean("strict").notNull().default(false),
  /** how long it may take until it begins to answer; null = UPSTREAM_HEADERS_SECONDS */
  answerSeconds: integer("answer_seconds"),
  /** how long it may be silent within an answer; null = UPSTREAM_IDLE_SECONDS */
  silenceSeconds: integer("silence_seconds"),
  enabled: boolean("enabled").notNull().default(true),
  /** its limits as the operator knows them, for each credential and model; null = what its answers say */
  requestsPerMinute: integer("requests_per_minute"),
  tokensPerMinute: integer("tokens_per_minute"),
  /** which of its service tiers it is asked for, by priority (`lib/policy/rows/service-tiers`) */
  serviceTiers: jsonb("service_tiers").$type<Partial<Record<Priority, string>>>().notNull().default({}),
  /** limits how fast traffic may grow: after a quiet hour each credential begins with a little, which doubles every minute */
  ramps: boolean("ramps").notNull().default(false),
  /** is left alone for a while after 429s and failures; false = it gets every call, whatever it answered before */
  coolsDown: boolean("cools_down").notNull().default(true),
  /** share of the calls that its own credential gets beside the others */
  credentialWeight: integer("credential_weight").notNull().default(1),
  /** further credentials (`lib/policy/rows/credential-row`), each with a share, a room and cool-downs of its own */
  credentials: jsonb("credentials").$type<readonly unknown[]>().notNull().default([]),
  /** an operator took it out, and why: its models are served by their fallbacks, or refused. null = it is in service */
  takenOutReason: text("taken_out_reason"),
  /** it was changed or put back then: cool-downs from before do not hold */
  reopenedAt: timestamp("reopened_at", { withTimezone: true }),
});

/** Models that callers may ask for. */
export const models = pgTable(
  "models",
  {
    id: text("id").primaryKey(),
    /** the name callers use */
    slug: text("slug").notNull().unique(),
    providerId: text("provider_id")
      .notNull()
      .references(() => providers.id),
    /** the name the provider knows it by */
    upstreamName: text("upstream_name").notNull(),
    contextTokens: integer("context_tokens").notNull(),
    maxOutputTokens: integer("max_output_tokens").notNull(),
    /** reserved, and sent upstream, when the caller names no max_tokens */
    defaultOutputTokens: integer("default_output_tokens").notNull(),
    /** slugs of models that serve its calls while its provider cannot, in order of preference */
    fallbacks: text("fallbacks").array().notNull().default([]),
    enabled: boolean("enabled").notNull().default(true),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index("models_provider").on(table.providerId)],
);

/** Dated prices; the newest that has begun is in force. Micro-dollars per million tokens, so $0.15/M is 150000. */
export const prices = pgTable(
  "prices",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    modelId: text("model_id")
      .notNull()
      .references(() => models.id, { onDelete: "cascade" }),
    validFrom: timestamp("valid_from", { withTimezone: true }).notNull(),
    inputMicroUsdPerMillion: bigint("input_micro_usd_per_million", { mode: "number" }).notNull(),
    cachedInputMicroUsdPerMillion: bigint("cached_input_micro_usd_per_million", { mode: "number" }).notNull(),
    outputMicroUsdPerMillion: bigint("output_micro_usd_per_million", { mode: "number" }).notNull(),
    /** everything else that has a price: other rates, long inputs, service tiers, fees */
    more: jsonb("more").$type<PriceMore>().notNull().default({}),
    /** who said so: operator, genai-prices, demo */
    source: text("source").notNull(),
  },
  (table) => [
    index("prices_model_from").on(table.modelId, table.validFrom),
    // 1e9 = $1,000 per million tokens: above it tokens * price could leave the integers a double holds.
    check(
      "prices_range",
      sql`${table.inputMicroUsdPerMillion} between 0 and 1000000000 and ${table.cachedInputMicroUsdPerMillion} between 0 and 1000000000 and ${table.outputMicroUsdPerMillion} between 0 and 1000000000`,
    ),
  ],
);
