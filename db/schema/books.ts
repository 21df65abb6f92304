import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from "drizzle-orm/pg-core";
import type { Dimension } from "@/lib/limits/rules/dimensions";
import type { Layer } from "@/lib/limits/rules/layers";
import type { AlgorithmName } from "@/lib/limits/rules/rule";
import type { CostLine } from "@/lib/money/cost";

/**
 * One row per call that reached a provider. Rows are appended, and changed only when a call that counted as crashed
 * ended after all. No prompt and no completion text. Partitioned by day, by the time at the start of every request id
 * (lib/request-id); `keepLedger` makes and drops the days.
 */
export const ledger = pgTable(
  "ledger",
  {
    requestId: text("request_id").primaryKey(),
    tenantId: text("tenant_id").notNull(),
    tierId: text("tier_id").notNull(),
    keyId: text("key_id").notNull(),
    keyFamilyId: text("key_family_id").notNull(),
    userDigest: text("user_digest").notNull(),
    feature: text("feature"),
    /** the agent's run, and the agent in it, as the caller or its client named them */
    session: text("session"),
    agent: text("agent"),
    /** the caller's tags, sorted: cost-centre=research,repo=web */
    tags: text("tags"),
    endpoint: text("endpoint").notNull(),
    askedModel: text("asked_model").notNull(),
    servedModel: text("served_model").notNull(),
    providerId: text("provider_id").notNull(),
    /** the name of its provider's further credential that was used; null = the provider's own */
    credential: text("credential"),
    /** how it was reduced: trimmed (max_tokens) or cheaper (another model); null = as requested */
    degradation: text("degradation"),
    /** shared: decided with all processes; local: by one alone, on its share, while the store was away */
    limitMode: text("limit_mode").notNull().default("shared"),
    policyVersion: bigint("policy_version", { mode: "number" }).notNull(),
    stream: boolean("stream").notNull(),
    /** estimated input tokens */
    estimatedInputTokens: integer("estimated_input_tokens").notNull(),
    /** tokens held at admission; null = the estimate */
    reservedInputTokens: integer("reserved_input_tokens"),
    reservedOutputTokens: integer("reserved_output_tokens").notNull(),
    /** how many requests it counted as, by its cost class */
    permits: integer("permits").notNull().default(1),
    /** tokens billed; cached ones are part of the input */
    inputTokens: integer("input_tokens").notNull(),
    cachedInputTokens: integer("cached_input_tokens").notNull(),
    outputTokens: integer("output_tokens").notNull(),
    /** provider: as reported to the end; partial: reported until the call broke off; counted: by us, all or what was left out; clamped: reported, cut to what is plausible; none: nothing used */
    usageSource: text("usage_source").notNull(),
    /** micro-dollars, rounded up per row */
    costMicroUsd: bigint("cost_micro_usd", { mode: "number" }).notNull(),
    /** price of the reservation: the highest that the request could cause, micro-dollars per million tokens */
    inputPrice: bigint("input_price", { mode: "number" }).notNull(),
    cachedInputPrice: bigint("cached_input_price", { mode: "number" }).notNull(),
    outputPrice: bigint("output_price", { mode: "number" }).notNull(),
    /** held for the call itself and its uses of hosted tools, micro-dollars */
    heldFeesMicroUsd: bigint("held_fees_micro_usd", { mode: "number" }).notNull().default(0),
    /** the tier that served it, or the requested one when the provider names none; null = the default one */
    serviceTier: text("service_tier"),
    /** the lines that add up to the cost; null = rows from before there were lines: tokens at the three prices */
    costLines: jsonb("cost_lines").$type<readonly CostLine[]>(),
    /** how it ended: complete, client_abort, upstream_refused, upstream_error, upstream_cut, stalled, drained, crashed …, or submitted: a batch that is with its provider */
    ending: text("ending").notNull(),
    /** HTTP status of the upstream; null when it never answered */
    upstreamStatus: integer("upstream_status"),
    /** from admission to the upstream's headers, and to the first output token of a stream, ms; null = it never came */
    upstreamHeadersMs: integer("upstream_headers_ms"),
    firstTokenMs: integer("first_token_ms"),
    totalMs: integer("total_ms").notNull(),
    admittedAt: timestamp("admitted_at", { withTimezone: true }).notNull(),
    endedAt: timestamp("ended_at", { withTimezone: true }).notNull(),
    instanceId: text("instance_id").notNull(),
    /** the caller's address, for the report on a leaked key */
    clientAddress: text("client_address").notNull().default(""),
    /** its priority: one of PRIORITIES (lib/limits) */
    priority: text("priority").notNull().default("standard"),
    /** the provider's id of an answer that it stores; only the owner of this call may ask for it. null = none stored */
    answerId: text("answer_id"),
  },
  (table) => [
    // Serves the owner's check of a stored answer.
    index("ledger_answer").on(table.answerId).where(sql`${table.answerId} is not null`),
    // Serves the live minute, the chart and "spend today" over all tenants.
    index("ledger_ended").on(table.endedAt),
    // Serves one tenant's usage and the ledger listing.
    index("ledger_tenant_ended").on(table.tenantId, table.endedAt),
    // Serves the report on a leaked key.
    index("ledger_key_ended").on(table.keyId, table.endedAt),
    // Serve the request log of one tenant or key, in the order of the ids.
    index("ledger_tenant_request").on(table.tenantId, table.requestId),
    index("ledger_key_request").on(table.keyId, table.requestId),
  ],
);

/**
 * Sums of the ledger that charts read instead of its rows; they grow in the transaction of the rows. A minute and an
 * hour have tenant and model; `key_hour` and a day also have key and feature; `user` is a day with only the user.
 * Dimensions that a grain lacks are empty text.
 */
export const usage = pgTable(
  "usage",
  {
    /** minute, hour, key_hour, day or user, in UTC, by the end of the call */
    grain: text("grain").notNull(),
    bucket: timestamp("bucket", { withTimezone: true }).notNull(),
    tenantId: text("tenant_id").notNull(),
    model: text("model").notNull(),
    keyFamilyId: text("key_family_id").notNull(),
    feature: text("feature").notNull(),
    userDigest: text("user_digest").notNull(),
    calls: integer("calls").notNull(),
    /** calls that ended with an error */
    broken: integer("broken").notNull(),
    degraded: integer("degraded").notNull(),
    inputTokens: bigint("input_tokens", { mode: "number" }).notNull(),
    cachedInputTokens: bigint("cached_input_tokens", { mode: "number" }).notNull(),
    outputTokens: bigint("output_tokens", { mode: "number" }).notNull(),
    costMicroUsd: bigint("cost_micro_usd", { mode: "number" }).notNull(),
  },
  (table) => [
    primaryKey({
      columns: [
        table.grain,
        table.bucket,
        table.tenantId,
        table.model,
        table.keyFamilyId,
        table.feature,
        table.userDigest,
      ],
    }),
    // Serves one tenant's charts.
    index("usage_tenant").on(table.tenantId, table.grain, table.bucket),
  ],
);

/** Ledger sums by callers' names, per hour: sessions, agents, each value of each tag. Calls without names are in none. */
export const labelUsage = pgTable(
  "label_usage",
  {
    /** session, agent or tag */
    kind: text("kind").notNull(),
    /** the hour of the call's end, in UTC */
    bucket: timestamp("bucket", { withTimezone: true }).notNull(),
    tenantId: text("tenant_id").notNull(),
    /** the name; of a tag name=value */
    label: text("label").notNull(),
    calls: integer("calls").notNull(),
    broken: integer("broken").notNull(),
    degraded: integer("degraded").notNull(),
    inputTokens: bigint("input_tokens", { mode: "number" }).notNull(),
    cachedInputTokens: bigint("cached_input_tokens", { mode: "number" }).notNull(),
    outputTokens: bigint("output_tokens", { mode: "number" }).notNull(),
    costMicroUsd: bigint("cost_micro_usd", { mode: "number" }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.kind, table.bucket, table.tenantId, table.label] }),
    // Serves one tenant's charts.
    index("label_usage_tenant").on(table.tenantId, table.kind, table.bucket),
  ],
);

/** What providers report as billed, imported from their usage exports: per day, model and tenant if reported. */
export const providerUsage = pgTable(
  "provider_usage",
  {
    providerId: text("provider_id").notNull(),
    day: timestamp("day", { withTimezone: true }).notNull(),
    /** the provider's name of the model; empty = unknown */
    model: text("model").notNull(),
    /** the provider's own name of a project or workspace; empty = unknown */
    account: text("account").notNull(),
    calls: bigint("calls", { mode: "number" }).notNull(),
    inputTokens: bigint("input_tokens", { mode: "number" }).notNull(),
    outputTokens: bigint("output_tokens", { mode: "number" }).notNull(),
    /** null = the export has no money */
    costMicroUsd: bigint("cost_micro_usd", { mode: "number" }),
    importedAt: timestamp("imported_at", { withTimezone: true }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.providerId, table.day, table.model, table.account] })],
);

/** Calls per day and client library, as the libraries name themselves; retries as reported by the library. */
export const clientCounts = pgTable(
  "client_counts",
  {
    /** midnight UTC */
    day: timestamp("day", { withTimezone: true }).notNull(),
    tenantId: text("tenant_id").notNull(),
    /** name and version: "openai js 6.46.0"; "other" without a known one */
    client: text("client").notNull(),
    calls: bigint("calls", { mode: "number" }).notNull().default(0),
    retries: bigint("retries", { mode: "number" }).notNull().default(0),
    refused: bigint("refused", { mode: "number" }).notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.day, table.client] })],
);

/** Refusals, counted per minute instead of one row each: a retry storm must not fill the disk. */
export const refusalCounts = pgTable(
  "refusal_counts",
  {
    minute: timestamp("minute", { withTimezone: true }).notNull(),
    tenantId: text("tenant_id").notNull(),
    /** error code of the answer: rate_limit_exceeded, kill_switch_active … */
    code: text("code").notNull(),
    /** layer and dimension of the binding check; empty for brakes and overload */
    layer: text("layer").notNull(),
    dimension: text("dimension").notNull(),
    limitName: text("limit_name").notNull(),
    count: integer("count").notNull(),
  },
  (table) => [
    primaryKey({
      columns: [table.minute, table.tenantId, table.code, table.layer, table.dimension, table.limitName],
    }),
    // Serves what each brake has refused.
    index("refusal_counts_brakes").on(table.limitName).where(sql`${table.code} = 'kill_switch_active'`),
  ],
);

/** Admitted calls per minute that an observing limit or brake would have refused. */
export const observedCounts = pgTable(
  "observed_counts",
  {
    minute: timestamp("minute", { withTimezone: true }).notNull(),
    tenantId: text("tenant_id").notNull(),
    /** empty for brakes */
    layer: text("layer").notNull(),
    dimension: text("dimension").notNull(),
    /** a brake's id for brakes */
    limitName: text("limit_name").notNull(),
    count: integer("count").notNull(),
  },
  (table) => [
    // By name first: queries ask for one limit or brake.
    primaryKey({ columns: [table.limitName, table.minute, table.tenantId, table.layer, table.dimension] }),
  ],
);

/** One limit at the time of a refused call; units are the dimension's. */
export type MetLimit = {
  readonly name: string;
  readonly layer: Layer;
  readonly dimension: Dimension;
  readonly algorithm: AlgorithmName;
  readonly limit: number;
  /** use before this call, including what running calls held */
  readonly used: number;
  /** including burst credit */
  readonly remaining: number;
  readonly asked: number;
  /** 0 = it fitted; null = it could never fit */
  readonly waitMs: number | null;
  readonly observe: boolean;
};

/**
 * Refused calls that can be explained by their id. Not all of them, and only for days: `RefusedCalls` decides how many,
 * `keepBooks` how long. All are counted in refusal_counts.
 */
export const refusedCalls = pgTable(
  "refused_calls",
  {
    /** begins with its creation time (lib/request-id), so ids are in the order of calls */
    requestId: text("request_id").primaryKey(),
    at: timestamp("at", { withTimezone: true }).notNull(),
    tenantId: text("tenant_id").notNull(),
    keyId: text("key_id").notNull(),
    keyFamilyId: text("key_family_id").notNull(),
    userDigest: text("user_digest").notNull(),
    feature: text("feature"),
    /** the agent's run, and the agent in it, as the caller or its client named them */
    session: text("session"),
    agent: text("agent"),
    tags: text("tags"),
    endpoint: text("endpoint").notNull(),
    askedModel: text("asked_model").notNull(),
    /** model and tokens of the attempt that came nearest to admission */
    model: text("model").notNull(),
    providerId: text("provider_id").notNull(),
    /** tokens that would have been held */
    estimatedInputTokens: bigint("estimated_input_tokens", { mode: "number" }).notNull(),
    reservedOutputTokens: bigint("reserved_output_tokens", { mode: "number" }).notNull(),
    /** how many requests it would have counted as, by its cost class */
    permits: integer("permits").notNull().default(1),
    /** micro-dollars per million tokens */
    inputPrice: bigint("input_price", { mode: "number" }).notNull(),
    outputPrice: bigint("output_price", { mode: "number" }).notNull(),
    /** for the call itself and its uses of hosted tools, micro-dollars */
    heldFeesMicroUsd: bigint("held_fees_micro_usd", { mode: "number" }).notNull().default(0),
    stream: boolean("stream").notNull(),
    priority: text("priority").notNull().default("standard"),
    code: text("code").notNull(),
    /** as announced to the caller */
    message: text("message").notNull(),
    /** what refused; for brakes layer and dimension are empty and the name is the id */
    layer: text("layer").notNull(),
    dimension: text("dimension").notNull(),
    limitName: text("limit_name").notNull(),
    /** when it would have been admitted; null = never, or unknown */
    retryAfterMs: bigint("retry_after_ms", { mode: "number" }),
    met: jsonb("met").$type<readonly MetLimit[]>().notNull(),
    policyVersion: bigint("policy_version", { mode: "number" }).notNull(),
    /** the client library, by its own name */
    client: text("client").notNull(),
    clientAddress: text("client_address").notNull(),
  },
  (table) => [
    // Serves a tenant's latest refusals.
    index("refused_calls_tenant").on(table.tenantId, table.requestId),
  ],
);

/** Who changed what, hash-chained: `hash` covers the row and the hash before it. */
export const audit = pgTable(
  "audit",
  {
    seq: bigserial("seq", { mode: "number" }).primaryKey(),
    at: timestamp("at", { withTimezone: true }).notNull(),
    actor: text("actor").notNull(),
    role: text("role").notNull(),
    address: text("address").notNull(),
    /** noun.verb */
    action: text("action").notNull(),
    target: text("target").notNull(),
    before: jsonb("before"),
    after: jsonb("after"),
    reason: text("reason"),
    previousHash: text("previous_hash").notNull(),
    hash: text("hash").notNull(),
  },
  (table) => [index("audit_at").on(table.at)],
);
