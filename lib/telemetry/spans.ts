import type { LedgerInsert } from "@/db/queries/books/record";

type Value = { readonly stringValue: string } | { readonly intValue: string } | { readonly doubleValue: number };
export type Attribute = { readonly key: string; readonly value: Value };

/** A span as OTLP/JSON spells it: ids in hex, times in nanoseconds as text. */
export type Span = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code: number; readonly message?: string };
};

const KIND_CLIENT = 3;
const [STATUS_UNSET, STATUS_ERROR] = [0, 2];
const PARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;
const SAMPLED = 1;
const [TRACE_BYTES, SPAN_BYTES] = [16, 8];

/** What the semantic conventions call an endpoint (https://opentelemetry.io/docs/specs/semconv/gen-ai/). */
const OPERATIONS: Readonly<Record<string, string>> = {
  chat: "chat",
  messages: "chat",
  responses: "chat",
  embeddings: "embeddings",
  count_tokens: "count_tokens",
};

/** Whether a caller that traces wants this call traced; one that does not trace is traced from here on. */
export function isSampled(traceparent: string | undefined): boolean {
  const flags = PARENT.exec(traceparent ?? "")?.[3];
  return flags === undefined || (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED;
}

/** A ledger row as the span of its call to the provider, under the caller's span when it named one. */
export function spanOf(
  row: LedgerInsert,
  { traceparent, randomHex }: { traceparent: string | undefined; randomHex: (bytes: number) => string },
): Span {
  const [, traceId, parentSpanId] = PARENT.exec(traceparent ?? "") ?? [];
  const isComplete = row.ending === "complete";
  return {
    traceId: traceId ?? randomHex(TRACE_BYTES),
    spanId: randomHex(SPAN_BYTES),
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name: `${operationOf(row)} ${row.askedModel}`,
    kind: KIND_CLIENT,
    startTimeUnixNano: nanosOf(row.admittedAt),
    endTimeUnixNano: nanosOf(row.endedAt),
    attributes: [
      ...sharedAttributes(row),
      int("gen_ai.request.max_tokens", row.reservedOutputTokens),
      int("gen_ai.usage.input_tokens", row.inputTokens),
      int("gen_ai.usage.output_tokens", row.outputTokens),
      ...(row.upstreamStatus == null ? [] : [int("http.response.status_code", row.upstreamStatus)]),
      text("spillway.request_id", row.requestId),
      text("spillway.tenant_id", row.tenantId),
      text("spillway.key_id", row.keyId),
      text("spillway.ending", row.ending),
      int("spillway.cost_micro_usd", row.costMicroUsd),
      ...(row.degradation == null ? [] : [text("spillway.degradation", row.degradation)]),
    ],
    status: isComplete ? { code: STATUS_UNSET } : { code: STATUS_ERROR, message: row.ending },
  };
}

/** What spans and metrics have in common. No metric names a tenant. */
export function sharedAttributes(row: LedgerInsert): Attribute[] {
  return [
    text("gen_ai.operation.name", operationOf(row)),
    text("gen_ai.provider.name", row.providerId),
    text("gen_ai.request.model", row.askedModel),
    text("gen_ai.response.model", row.servedModel),
    ...(row.ending === "complete" ? [] : [text("error.type", row.ending)]),
  ];
}

export function text(key: string, stringValue: string): Attribute {
  return { key, value: { stringValue } };
}

/** 64-bit numbers are text in OTLP/JSON. */
function int(key: string, value: number): Attribute {
  return { key, value: { intValue: String(value) } };
}

function operationOf({ endpoint }: Pick<LedgerInsert, "endpoint">): string {
  return OPERATIONS[endpoint] ?? endpoint;
}

export function nanosOf(time: Date): string {
  return `${time.getTime()}000000`;
}
