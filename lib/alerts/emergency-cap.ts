import { exactDollars } from "@/lib/money/exact-dollars";

type Used = {
  readonly minutesAgo: number;
  readonly calls: number;
  readonly tokens: number;
  readonly costMicroUsd: number;
};
/** A tenant's usage in a minute. */
export type TenantMinute = Used & { readonly tenant: string };
/** The same for one of its keys, by the key's public id. */
export type KeyMinute = TenantMinute & { readonly key: string };

export type Cap = {
  readonly callsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  readonly microUsdPerMinute?: number | undefined;
};

const UNITS = [
  ["calls", "callsPerMinute"],
  ["tokens", "tokensPerMinute"],
  ["costMicroUsd", "microUsdPerMinute"],
] as const;
type Unit = (typeof UNITS)[number][0];

/** A minute in which all tenants together used more than a cap. */
type Over = { readonly unit: Unit; readonly most: number; readonly used: number; readonly minutesAgo: number };

/** The current minute or the last one, whichever exceeds the cap first; null = the cap holds. */
export function overCap(cap: Cap, tenants: readonly TenantMinute[]): Over | null {
  for (const minutesAgo of [0, 1]) {
    const rows = tenants.filter((row) => row.minutesAgo === minutesAgo);
    for (const [unit, member] of UNITS) {
      const most = cap[member];
      const used = rows.reduce((sum, row) => sum + row[unit], 0);
      if (most !== undefined && used > most) return { unit, most, used, minutesAgo };
    }
  }
  return null;
}

export type Heaviest = { readonly subject: string; readonly title: string; readonly detail: object };

/**
 * What to stop when a cap is exceeded: the smallest scope that brings the rest below it. One key, if that is enough;
 * otherwise the tenant with the most usage. If the others still exceed it, the next heaviest follows a minute later.
 */
export function heaviestOver(
  cap: Cap,
  tenants: readonly TenantMinute[],
  keys: readonly KeyMinute[],
  called: (tenant: string) => string,
): Heaviest | null {
  const over = overCap(cap, tenants);
  if (over === null) return null;
  const { unit, most, used, minutesAgo } = over;
  const amount = (units: number) => (unit === "costMicroUsd" ? exactDollars(units) : `${units} ${unit}`);
  const what = `Emergency cap: all tenants together used ${amount(used)} in a minute, of at most ${amount(most)}`;
  const key = heaviest(keys, unit, minutesAgo);
  const detail = { used, most, what: unit };
  if (key !== null && used - key[unit] <= most) {
    const { tenant, key: id } = key;
    const title = `${what}; the key ${id} of ${called(tenant)} used most, ${amount(key[unit])}`;
    return { subject: `${tenant}/${id}`, title, detail: { ...detail, tenant, key: id } };
  }
  const one = heaviest(tenants, unit, minutesAgo);
  if (one === null) return null;
  const title = `${what}; ${called(one.tenant)} used most, ${amount(one[unit])}`;
  return { subject: one.tenant, title, detail: { ...detail, tenant: one.tenant } };
}

function heaviest<Row extends Used>(rows: readonly Row[], unit: Unit, minutesAgo: number): Row | null {
  const own = rows.filter((row) => row.minutesAgo === minutesAgo && row[unit] > 0);
  return own.toSorted((one, other) => other[unit] - one[unit])[0] ?? null;
}
