import type { UsageFigures, UsageRange } from "@/db/queries/money/usage";
import { type IndexedSplit, type UsageSums, usageOfSubjects, usageSums } from "@/db/queries/money/usage-sums";
import type { TopRow } from "@/db/queries/money/usage-top";
import { DAY_MS, HOUR_MS } from "@/lib/clock";
import type { ConsoleContext } from "../kernel/context";

type Asked = UsageRange & { readonly by: IndexedSplit; readonly most: number; readonly drawn: number };

/**
 * The same as `usageTop`, of all tenants or keys. Sums of closed hours or days are kept, so that a page that asks again
 * reads only the newest two: a day of thousands of tenants has hundreds of thousands of sums. A call that is booked more
 * than an hour late is seen ten minutes late.
 */
export async function topUsage(
  { db, shared, clock }: Pick<ConsoleContext, "db" | "shared" | "clock">,
  { most, drawn, ...range }: Asked,
): Promise<{ totals: TopRow[]; rows: TopRow[] }> {
  const stepMs = range.grain === "day" ? DAY_MS : HOUR_MS;
  const closed = new Date((Math.floor(clock.now() / stepMs) - 1) * stepMs);
  const [before, since] = await Promise.all([
    range.from < closed ? closedSums({ db, shared }, { ...range, to: earlier(range.to, closed) }) : NOTHING,
    range.to > closed ? usageSums(db, { ...range, from: range.from > closed ? range.from : closed }) : NOTHING,
  ]);
  const subjects = added(before.subjects, since.subjects);
  const ranked = [...subjects]
    .map(([subject, figures]) => ({ subject, ...figures }))
    .sort((one, other) => other.costMicroUsd - one.costMicroUsd || (one.subject < other.subject ? -1 : 1));
  const totals = ranked.slice(0, most).map((row): TopRow => ({ ...row, bucket: null, merged: 0 }));
  if (ranked.length > most) totals.push(restOf(null, ranked.slice(most), ranked.length - most));
  if (drawn === 0) return { totals, rows: [] };
  const firsts = ranked.slice(0, drawn).map(({ subject }) => subject);
  const buckets = added(before.buckets, since.buckets);
  const rows = await rowsOf({ buckets, firsts, others: ranked.length - firsts.length }, () =>
    usageOfSubjects(db, range, firsts),
  );
  return { totals, rows };
}

const NOTHING: UsageSums = { subjects: new Map(), buckets: new Map() };

function closedSums({ db, shared }: Pick<ConsoleContext, "db" | "shared">, range: Parameters<typeof usageSums>[1]) {
  return shared.closedSums.get(JSON.stringify(range), () => usageSums(db, range));
}

function earlier(one: Date, other: Date): Date {
  return one < other ? one : other;
}

type Drawn = {
  readonly buckets: ReadonlyMap<number, UsageFigures>;
  readonly firsts: readonly string[];
  others: number;
};

/** Of each bucket the first subjects, in their order, and the rest of its sum. */
async function rowsOf(
  { buckets, firsts, others }: Drawn,
  read: () => ReturnType<typeof usageOfSubjects>,
): Promise<TopRow[]> {
  const found = await read();
  const placeOf = new Map(firsts.map((subject, place) => [subject, place]));
  return [...buckets]
    .sort(([one], [other]) => one - other)
    .flatMap(([at, all]) => {
      const bucket = new Date(at);
      const own = found
        .filter((row) => row.at === at)
        .sort((one, other) => (placeOf.get(one.subject) ?? 0) - (placeOf.get(other.subject) ?? 0))
        .map(({ at: _at, ...row }): TopRow => ({ ...row, bucket, merged: 0 }));
      const rest = restOf(bucket, [all, ...own.map((row) => scaled(row, -1))], others);
      // Calls that are booked between the reads are in the subjects and not yet in the sum.
      return others > 0 && rest.calls > 0 ? [...own, rest] : own;
    });
}

function restOf(bucket: Date | null, rows: readonly UsageFigures[], merged: number): TopRow {
  return { bucket, subject: "", merged, ...rows.reduce(sumOf, ZERO) };
}

function added<Name>(one: ReadonlyMap<Name, UsageFigures>, other: ReadonlyMap<Name, UsageFigures>) {
  const sums = new Map(one);
  for (const [name, figures] of other) sums.set(name, sumOf(sums.get(name) ?? ZERO, figures));
  return sums;
}

const ZERO: UsageFigures = {
  calls: 0,
  broken: 0,
  degraded: 0,
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  costMicroUsd: 0,
};

function sumOf(one: UsageFigures, other: UsageFigures): UsageFigures {
  return {
    calls: one.calls + other.calls,
    broken: one.broken + other.broken,
    degraded: one.degraded + other.degraded,
    inputTokens: one.inputTokens + other.inputTokens,
    cachedInputTokens: one.cachedInputTokens + other.cachedInputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    costMicroUsd: one.costMicroUsd + other.costMicroUsd,
  };
}

function scaled(figures: UsageFigures, by: number): UsageFigures {
  return {
    calls: by * figures.calls,
    broken: by * figures.broken,
    degraded: by * figures.degraded,
    inputTokens: by * figures.inputTokens,
    cachedInputTokens: by * figures.cachedInputTokens,
    outputTokens: by * figures.outputTokens,
    costMicroUsd: by * figures.costMicroUsd,
  };
}
