import type { Measures, Movement } from "@/db/queries/overview/movements";

/** Per measure; the tenants' list and the request log have more. */
const SHOWN_MAX = 3;

export const MEASURES = ["calls", "tokens", "costMicroUsd", "refused"] as const satisfies readonly (keyof Measures)[];
export type Measure = (typeof MEASURES)[number];

export type Mover = {
  readonly slug: string;
  readonly name: string;
  /** in the last hour, in the measure's unit */
  readonly now: number;
  /** in the same hour of the day before */
  readonly before: number;
};

/** For each measure the tenants with the largest change, up or down. Tenants that were removed meanwhile are left out. */
export function topMovers(
  movements: readonly Movement[],
  tenants: ReadonlyMap<string, { readonly slug: string; readonly name: string }>,
): Readonly<Record<Measure, readonly Mover[]>> {
  const ofMeasure = (measure: Measure) =>
    movements
      .flatMap(({ tenantId, now, before }): Mover[] => {
        const tenant = tenants.get(tenantId);
        if (tenant === undefined || now[measure] === before[measure]) return [];
        return [{ slug: tenant.slug, name: tenant.name, now: now[measure], before: before[measure] }];
      })
      .sort((one, other) => moved(other) - moved(one) || (one.slug < other.slug ? -1 : 1))
      .slice(0, SHOWN_MAX);
  return {
    calls: ofMeasure("calls"),
    tokens: ofMeasure("tokens"),
    costMicroUsd: ofMeasure("costMicroUsd"),
    refused: ofMeasure("refused"),
  };
}

/** What all tenants together had in both hours, those included that are removed. */
export function totalsOf(movements: readonly Movement[]): { readonly now: Measures; readonly before: Measures } {
  const sum = (when: "now" | "before"): Measures => {
    const of = (measure: Measure) => movements.reduce((total, movement) => total + movement[when][measure], 0);
    return { calls: of("calls"), tokens: of("tokens"), costMicroUsd: of("costMicroUsd"), refused: of("refused") };
  };
  return { now: sum("now"), before: sum("before") };
}

function moved({ now, before }: Mover): number {
  return Math.abs(now - before);
}

/** One number per minute of a range, oldest first; a minute without calls is 0. */
export function perMinute(
  rows: readonly { readonly minute: Date; readonly calls: number }[],
  startMs: number,
  minutes: number,
): number[] {
  const sums = Array.from({ length: minutes }, () => 0);
  for (const { minute, calls } of rows) {
    const index = Math.floor((minute.getTime() - startMs) / 60_000);
    const sum = sums[index];
    if (sum !== undefined) sums[index] = sum + calls;
  }
  return sums;
}
