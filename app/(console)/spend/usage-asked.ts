import { DAY_MS, HOUR_MS } from "@/app/_ui/time/spans";
import { isPreset, PRESET_NAMES, periodBefore, spanOf, type TimeChoice } from "../../_ui/time/time-range";

/** Up to this many hours, the bars of a chart can be told apart. */
const HOURLY_MS_MAX = 49 * HOUR_MS;
/** Sums per hour are kept for a hundred days. */
const HOURS_KEPT_MS = 99 * DAY_MS;
/** One bar each; for a longer range the newest are drawn. */
const BARS_MAX = 400;

export const USAGE_SPLITS = ["tenant", "model", "key", "feature", "user", "session", "agent", "tag"] as const;
export type UsageSplit = (typeof USAGE_SPLITS)[number];

export type Asked = {
  readonly choice: TimeChoice;
  readonly by: string;
  /** null = all */
  readonly tenant: string | null;
};

/** Users are stored only per day, and hours not for ever. */
export function grainOf({ choice, by }: Asked, now: number): "hour" | "day" {
  const { from, to } = spanOf(choice, now);
  if (by === "user" || from === null || now - from > HOURS_KEPT_MS) return "day";
  return (to ?? now) - from > HOURLY_MS_MAX ? "day" : "hour";
}

/** Whole hours or days that contain the chosen range, up to a maximum. */
export function bucketsOf(asked: Asked, now: number) {
  const grain = grainOf(asked, now);
  const step = grain === "hour" ? HOUR_MS : DAY_MS;
  const { from, to } = spanOf(asked.choice, now);
  const end = Math.max(1, to ?? now);
  const last = Math.floor((end - 1) / step) * step;
  const floor = Math.floor((from ?? 0) / step) * step;
  const first = Math.max(isPreset(asked.choice) ? floor + step : floor, last - (BARS_MAX - 1) * step);
  const isRunning = last + step > now;
  return { grain, from: Math.min(first, last), to: to === null ? null : last + step, last, step, isRunning };
}

/** Subjects in the table. */
export const SHOWN_MAX = 50;
/** Subjects of the previous period: enough to find those of the table again. */
const BEFORE_MAX = 1000;

/** The query of a chart and its table. Values of tags stay apart, because the page shows those of one tag. */
export function usagePath(asked: Asked, now: number): string {
  return asked.by === "tag" ? usageFilePath(asked, now) : `${usageFilePath(asked, now)}&top=${SHOWN_MAX}`;
}

/** The query that a page's first chart asks, from the page's address; `of`: the page's tenant. */
export function firstUsagePath(
  address: Readonly<Record<string, string | string[] | undefined>>,
  of: string | null,
  now: number,
): string {
  const named = (name: string) => {
    const value = address[name];
    return typeof value === "string" ? value : null;
  };
  const range = PRESET_NAMES.find((preset) => preset === named("range")) ?? "24h";
  const choice = { range, from: named("from"), to: named("to"), month: named("month") };
  const by = USAGE_SPLITS.find((split) => split === named("by")) ?? (of === null ? "tenant" : "model");
  return usagePath({ choice, by, tenant: of ?? named("tenant") }, now);
}

/** The query of the same as a file: every subject. */
export function usageFilePath(asked: Asked, now: number): string {
  const { grain, from, to } = bucketsOf(asked, now);
  return pathOf(asked, { grain, from, to });
}

/** The query of the previous period, only sums; null when there is none. */
export function usageBeforePath(asked: Asked, now: number): string | null {
  const { from, to } = bucketsOf(asked, now);
  const { choice } = asked;
  const ends = { from: new Date(from).toISOString(), to: to === null ? null : new Date(to).toISOString() };
  const before = periodBefore(choice.month === null ? { ...choice, ...ends } : choice, now);
  if (before === null) return null;
  const grain = asked.by === "user" || now - before.from > HOURS_KEPT_MS ? "day" : "hour";
  const step = grain === "hour" ? HOUR_MS : DAY_MS;
  const near = (ms: number) => Math.round(ms / step) * step;
  return `${pathOf(asked, { grain, from: near(before.from), to: near(before.to) })}&total=true${asked.by === "tag" ? "" : `&top=${BEFORE_MAX}`}`;
}

export type EarlierBars = {
  /** the query of their sums */
  readonly path: string;
  /** start of the first one, and the end of the last one, in ms */
  readonly from: number;
  readonly to: number;
};

/**
 * The bars of the previous period, each with the same place in it as a bar of the chart; null when there is no such
 * period, or its hours are no longer stored. `tag`: only this one.
 */
export function earlierBars(asked: Asked, tag: string | null, now: number): EarlierBars | null {
  const { grain, from, to, step } = bucketsOf(asked, now);
  const { choice } = asked;
  const ends = { from: new Date(from).toISOString(), to: to === null ? null : new Date(to).toISOString() };
  const before = periodBefore(choice.month === null ? { ...choice, ...ends } : choice, now);
  if (before === null || (grain === "hour" && now - before.from > HOURS_KEPT_MS)) return null;
  const first = Math.floor(before.from / step) * step;
  const end = Math.ceil(before.to / step) * step;
  // One sum per bar; those of one tag are the sums of its values.
  const by = tag === null ? "&top=1" : `&tag=${encodeURIComponent(tag)}`;
  return { path: `${pathOf(asked, { grain, from: first, to: end })}${by}`, from: first, to: end };
}

/** The sum of each bar; null = it lies behind the end of the previous period. */
export function sumPerBar(
  rows: readonly { readonly bucket: string | null; readonly costMicroUsd: number }[],
  { from, to }: Pick<EarlierBars, "from" | "to">,
  { step, buckets }: { readonly step: number; readonly buckets: number },
): (number | null)[] {
  const sums = new Map<number, number>();
  for (const { bucket, costMicroUsd } of rows) {
    const at = Date.parse(bucket ?? "");
    sums.set(at, (sums.get(at) ?? 0) + costMicroUsd);
  }
  return Array.from({ length: buckets }, (_, index) => {
    const at = from + index * step;
    return at < to ? (sums.get(at) ?? 0) : null;
  });
}

function pathOf({ by, tenant }: Asked, bounds: { grain: string; from: number; to: number | null }): string {
  const query = new URLSearchParams({ grain: bounds.grain, by, from: new Date(bounds.from).toISOString() });
  if (bounds.to !== null) query.set("to", new Date(bounds.to).toISOString());
  if (tenant !== null) query.set("tenant", tenant);
  return `usage?${query}`;
}
