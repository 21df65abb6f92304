import type { LedgerInsert } from "@/db/queries/books/record";
import { type Attribute, nanosOf, sharedAttributes, text } from "./spans";

/** Bounds that the semantic conventions ask for. */
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const TOKENS = Array.from({ length: 14 }, (_, power) => 4 ** power);
const CUMULATIVE = 2;
/** Combinations of models, providers and endings; beyond it nothing new is counted. */
const POINTS_MAX = 2000;
const MS_PER_SECOND = 1000;

type Point = { readonly attributes: readonly Attribute[]; readonly buckets: number[]; count: number; sum: number };

/** The two histograms of the conventions for generative AI, since the process began. */
export class Histograms {
  readonly #began: Date;
  readonly #duration = new Map<string, Point>();
  readonly #tokens = new Map<string, Point>();

  constructor(began: Date) {
    this.#began = began;
  }

  add(row: LedgerInsert): void {
    const shared = sharedAttributes(row);
    record(this.#duration, { attributes: shared, bounds: SECONDS, value: row.totalMs / MS_PER_SECOND });
    for (const [kind, tokens] of [
      ["input", row.inputTokens],
      ["output", row.outputTokens],
    ] as const)
      record(this.#tokens, { attributes: [...shared, text("gen_ai.token.type", kind)], bounds: TOKENS, value: tokens });
  }

  /** As OTLP/JSON spells metrics. */
  read(now: Date): readonly object[] {
    const points = (of: ReadonlyMap<string, Point>, bounds: readonly number[]) =>
      [...of.values()].map(({ attributes, buckets, count, sum }) => ({
        attributes,
        startTimeUnixNano: nanosOf(this.#began),
        timeUnixNano: nanosOf(now),
        count: String(count),
        sum,
        bucketCounts: buckets.map(String),
        explicitBounds: bounds,
      }));
    const histogram = (dataPoints: readonly object[]) => ({ aggregationTemporality: CUMULATIVE, dataPoints });
    const all = [
      { name: "gen_ai.client.operation.duration", unit: "s", histogram: histogram(points(this.#duration, SECONDS)) },
      { name: "gen_ai.client.token.usage", unit: "{token}", histogram: histogram(points(this.#tokens, TOKENS)) },
    ];
    return this.#duration.size === 0 ? [] : all;
  }
}

function record(
  points: Map<string, Point>,
  { attributes, bounds, value }: { attributes: readonly Attribute[]; bounds: readonly number[]; value: number },
): void {
  const key = JSON.stringify(attributes);
  let point = points.get(key);
  if (point === undefined) {
    if (points.size >= POINTS_MAX) return;
    point = { attributes, buckets: new Array<number>(bounds.length + 1).fill(0), count: 0, sum: 0 };
    points.set(key, point);
  }
  const above = bounds.findIndex((bound) => value <= bound);
  const bucket = above < 0 ? bounds.length : above;
  point.buckets[bucket] = (point.buckets[bucket] ?? 0) + 1;
  point.count += 1;
  point.sum += value;
}
