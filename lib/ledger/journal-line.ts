import { z } from "zod";
import type { LedgerInsert } from "@/db/queries/books/record";
import type { Price } from "@/lib/money/price";
import { costLineShape, priceShape, usageShape } from "@/lib/money/price-shape";
import type { Usage } from "@/lib/money/usage";

/** A call that is about to be sent: all data for its ledger row if this process dies before its end. */
export type Intent = Omit<
  LedgerInsert,
  | "inputTokens"
  | "cachedInputTokens"
  | "outputTokens"
  | "usageSource"
  | "costMicroUsd"
  | "ending"
  | "upstreamStatus"
  | "upstreamHeadersMs"
  | "firstTokenMs"
  | "totalMs"
  | "endedAt"
  | "costLines"
  | "answerId"
> & {
  /** the price; the row stores the resulting bill lines */
  readonly price: Price;
};

/** The price of an old intent with three rates only. */
export function plainPrice(intent: {
  readonly inputPrice: number;
  readonly cachedInputPrice: number;
  readonly outputPrice: number;
}): Price {
  return { input: intent.inputPrice, cachedInput: intent.cachedInputPrice, output: intent.outputPrice };
}

const INTEGER_MAX = 2_147_483_647;
const text = z.string();
const count = z.number().int().min(0).max(INTEGER_MAX);
/** Below zero when the clock was set back meanwhile. */
const span = z.number().int().min(-INTEGER_MAX).max(INTEGER_MAX);
const large = z.number().int().min(0);
const date = z.iso.datetime().transform((value) => new Date(value));

/** The ledger row. Unknown members have no column and are dropped. */
const shared = z.object({
  requestId: text.min(1),
  tenantId: text,
  tierId: text,
  keyId: text,
  keyFamilyId: text,
  userDigest: text,
  feature: text.nullish(),
  session: text.nullish(),
  agent: text.nullish(),
  tags: text.nullish(),
  endpoint: text,
  askedModel: text,
  servedModel: text,
  providerId: text,
  credential: text.nullish(),
  degradation: text.nullish(),
  limitMode: text.optional(),
  policyVersion: large,
  stream: z.boolean(),
  estimatedInputTokens: count,
  reservedInputTokens: count.nullish(),
  reservedOutputTokens: count,
  permits: count.optional(),
  inputPrice: large,
  cachedInputPrice: large,
  outputPrice: large,
  heldFeesMicroUsd: large.optional(),
  serviceTier: text.nullish(),
  admittedAt: date,
  instanceId: text,
  clientAddress: text.optional(),
  priority: text.optional(),
});

const intent = shared
  .extend({ price: priceShape.optional() })
  .transform(({ price, ...rest }) => ({ ...rest, price: price ?? plainPrice(rest) }));

const part = z.record(z.string(), z.unknown());
const stored = z.object({ call: part, ways: z.array(part).min(1) });

/**
 * The record stored with a reservation: the common part of the call and each way to serve it. Older releases stored
 * only three rates. Throws if it is invalid.
 */
export function storedIntent(text: string, planIndex: number): Intent {
  return intent.parse(onWay(stored.parse(JSON.parse(text)), planIndex));
}

function onWay({ call, ways }: z.output<typeof stored>, planIndex: number): Record<string, unknown> {
  return { ...call, ...(ways[planIndex] ?? ways[0]) };
}

/** An admitted call, with the text that was serialized for its reservation. Serializing again would cost as much. */
export type Begun = { readonly text: string; readonly planIndex: number };

export function begunLine({ text, planIndex }: Begun, { admittedAt, limitMode }: Intent): string {
  const decided = JSON.stringify({ admittedAt, limitMode });
  return `{"kind":"begun","planIndex":${planIndex},"decided":${decided},"stored":${text}}`;
}

const row = shared.extend({
  inputTokens: count,
  cachedInputTokens: count,
  outputTokens: count,
  costLines: z.array(costLineShape).nullish(),
  usageSource: text,
  costMicroUsd: large,
  ending: text,
  upstreamStatus: span.nullish(),
  upstreamHeadersMs: span.nullish(),
  firstTokenMs: span.nullish(),
  totalMs: span,
  endedAt: date,
  answerId: text.nullish(),
});

const line = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("open"), intent }),
  z
    .object({ kind: z.literal("begun"), planIndex: large, decided: part, stored })
    .transform((begun) => ({ kind: "open", intent: { ...onWay(begun.stored, begun.planIndex), ...begun.decided } }))
    .pipe(z.object({ kind: z.literal("open"), intent })),
  z.object({ kind: z.literal("note"), requestId: text.min(1), usage: usageShape, at: date }),
  z.object({ kind: z.literal("close"), row }),
]);

/** A line of the journal. */
export type Line =
  | { readonly kind: "open"; readonly intent: Intent }
  | { readonly kind: "note"; readonly requestId: string; readonly usage: Usage; readonly at: Date }
  | { readonly kind: "close"; readonly row: LedgerInsert };

export type ReadLine =
  | { readonly kind: "line"; readonly line: Line }
  | { readonly kind: "bad"; readonly why: string; readonly text: string };

const BAD_CHARS_MAX = 65_536;

/** Parses one line of an earlier process. Returns the line or the reason why it is invalid. */
export function readLine(written: string): ReadLine {
  const bad = (why: string): ReadLine => ({ kind: "bad", why, text: written.slice(0, BAD_CHARS_MAX) });
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    return bad("half a line, or none of ours");
  }
  const parsed = line.safeParse(value);
  if (parsed.success) return { kind: "line", line: parsed.data };
  const [issue] = parsed.error.issues;
  return bad(`${issue?.path.join(".") || "the line"}: ${issue?.message ?? "not valid"}`);
}
