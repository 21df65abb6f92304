import { Temporal } from "temporal-polyfill";

export type Sums = {
  readonly calls: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly costMicroUsd: number;
};

/** One line of a statement: a model, a feature, a key or a day. */
export type Line = Sums & {
  /** as the books know it; empty = calls that named none */
  readonly subject: string;
  readonly name: string;
};

export type StatementView = {
  readonly tenant: string;
  readonly name: string;
  /** 2026-11 */
  readonly month: string;
  /** in which the month begins and ends: the tenant's, or UTC for months whose hours are forgotten */
  readonly zone: string;
  readonly from: string;
  readonly to: string;
  /** false = the month still runs: these are its figures so far */
  readonly isOver: boolean;
  readonly total: Sums;
  readonly byModel: readonly Line[];
  readonly byFeature: readonly Line[];
  readonly byKey: readonly Line[];
  readonly byDay: readonly Line[];
};

/** From when to when a calendar month is, in a zone; epoch ms. */
export function monthIn(month: string, zone: string): { readonly fromMs: number; readonly toMs: number } {
  const first = Temporal.PlainYearMonth.from(month).toPlainDate({ day: 1 });
  const [fromMs, toMs] = [first, first.add({ months: 1 })].map(
    (date) => date.toZonedDateTime({ timeZone: zone }).epochMilliseconds,
  );
  if (fromMs === undefined || toMs === undefined) throw new Error("two dates, two times");
  return { fromMs, toMs };
}

export function lineOf(subject: string, name: string, sums: Sums): Line {
  const { calls, inputTokens, cachedInputTokens, outputTokens, costMicroUsd } = sums;
  return { subject, name, calls, inputTokens, cachedInputTokens, outputTokens, costMicroUsd };
}

export function sumOf(lines: readonly Sums[]): Sums {
  const sum = (member: keyof Sums) => lines.reduce((total, line) => total + line[member], 0);
  return {
    calls: sum("calls"),
    inputTokens: sum("inputTokens"),
    cachedInputTokens: sum("cachedInputTokens"),
    outputTokens: sum("outputTokens"),
    costMicroUsd: sum("costMicroUsd"),
  };
}

const MICRO_USD_DIGITS = 6;

/** The statement as a table: each line says of which part it is; money in dollars to the micro-dollar, as text. */
export function statementRows(view: StatementView): readonly object[] {
  const row = (part: string, { name, ...sums }: Sums & { readonly name: string }) => ({
    tenant: view.tenant,
    month: view.month,
    zone: view.zone,
    part,
    name,
    calls: sums.calls,
    inputTokens: sums.inputTokens,
    cachedInputTokens: sums.cachedInputTokens,
    outputTokens: sums.outputTokens,
    costUsd: dollarsOf(sums.costMicroUsd),
  });
  return [
    row("total", { name: "", ...view.total }),
    ...view.byModel.map((line) => row("model", line)),
    ...view.byFeature.map((line) => row("feature", line)),
    ...view.byKey.map((line) => row("key", line)),
    ...view.byDay.map((line) => row("day", line)),
  ];
}

/** Exact: integers of micro-dollars as decimals, without a detour through fractions. */
export function dollarsOf(microUsd: number): string {
  const digits = String(Math.abs(microUsd)).padStart(MICRO_USD_DIGITS + 1, "0");
  const sign = microUsd < 0 ? "-" : "";
  return `${sign}${digits.slice(0, -MICRO_USD_DIGITS)}.${digits.slice(-MICRO_USD_DIGITS)}`;
}
