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
  /** its kind of provider: how calls are placed and authenticated. null = its dialect says all */
  preset: text("preset"),
  /** up to and including the version segment: https://api.openai.com/v1 */
  baseUrl: text("base_url").notNull(),
  /** name of the environment variable with the credential; null = none is sent */
  credentialEnv: text("credential_env"),
  /** the credential itself, sealed under CREDENTIALS_KEY; precedes the variable. null = none is stored */
  credentialSealed: text("credential_sealed"),
  credentialLast4: text("credential_last4"),
  /** may point at a loopback or private address (vLLM, Ollama, the simulator) */
  allowLocal: boolean("allow_local").notNull().default(false),
  /** reports running usage with every stream event on request (vLLM and the simulator do) */
  continuousUsage: boolean("continuous_usage").notNull().default(false),
  /** body members that we do not know are not sent to it */
  strict: boolean("strict").notNull().default(false),
  /** timeout until it begins to answer; null = UPSTREAM_HEADERS_SECONDS */
  answerSeconds: integer("answer_seconds"),
  /** timeout for silence within an answer; null = UPSTREAM_IDLE_SECONDS */
  silenceSeconds: integer("silence_seconds"),
  enabled: boolean("enabled").notNull().default(true),
  /** its limits as its operator configured them, for each credential and model; null = from its answers */
  requestsPerMinute: integer("requests_per_minute"),
  tokensPerMinute: integer("tokens_per_minute"),
  /** the service tier to request, by priority (`lib/policy/rows/service-tiers`) */
  serviceTiers: jsonb("service_tiers").$type<Partial<Record<Priority, string>>>().notNull().default({}),
  /** limits traffic growth: after a quiet hour each credential begins with a small share, which doubles every minute */
  ramps: boolean("ramps").notNull().default(false),
  /** gets no calls for a while after 429s and failures; false = it gets every call, whatever it answered before */
  coolsDown: boolean("cools_down").notNull().default(true),
  /** share of the calls that its own credential gets beside the others */
  credentialWeight: integer("credential_weight").notNull().default(1),
  /** further credentials (`lib/policy/rows/credential-row`), each with its own share, room and cool-downs */
  credentials: jsonb("credentials").$type<readonly unknown[]>().notNull().default([]),
  /** an operator took it out, and why: its models are served by their fallbacks, or refused. null = in service */
  takenOutReason: text("taken_out_reason"),
  /** when it was changed or put back: earlier cool-downs do not count */
  reopenedAt: timestamp("reopened_at", { withTimezone: true }),
});

/** Models that callers may request. */
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

/** Dated prices; the newest one that has begun is in force. Micro-dollars per million tokens, so $0.15/M is 150000. */
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
    /** all other prices: other rates, long inputs, service tiers, fees */
    more: jsonb("more").$type<PriceMore>().notNull().default({}),
    /** its source: operator, genai-prices, demo */
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
