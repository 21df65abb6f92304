import type { ConfigRows } from "@/db/queries/limits/config";
import type { BudgetRow } from "../budget";
import { compilePolicy, type OverrideRow, type OwnedLimit, type PolicySource, patternMatches } from "../compile";
import { readBudget } from "../rows/budget-row";
import { limitRow, limitSetFaults } from "../rows/limit-row";

/** All rows of one tenant that its policies are compiled from, but for those of its keys. Plain data: it may be kept. */
export type TenantSource = Omit<PolicySource, "version" | "keyFamilyId" | "ofKey">;

/** The rows of one snapshot by owner, and what is wrong with them. */
export type Sources = {
  readonly budgets: readonly BudgetRow[];
  of(tenantId: string): TenantSource | null;
  ofKey(keyFamilyId: string): readonly OwnedLimit[];
  /** Faults of a tenant's rows; empty = they compile. */
  faultsOf(tenantId: string): readonly string[];
  /** Faults of overrides behind a stronger one: the tenant's rows will not compile when that one ends. */
  laterFaultsOf(tenantId: string): readonly string[];
  /** Key families whose own limits do not compile, with the faults. */
  readonly keyFaults: ReadonlyMap<string, readonly string[]>;
};

/** Sorts the rows by owner. A row that cannot be read is a fault of its owner and of nobody else. */
export function sourcesOf(rows: ConfigRows, now: number): Sources {
  const limits = groupLimits(rows.limits);
  const [budgets, budgetFaults] = groupBudgets(rows.budgets);
  const everyone = limits.get(EVERYONE) ?? NO_LIMITS;
  const tierIds = new Map(rows.tenants.map(({ id, tierId }) => [id, tierId]));
  const of = tenantSources(rows, limits, budgets);
  const compileFaults = compileChecker(rows.version, now);

  function faultsOf(tenantId: string): readonly string[] {
    const source = of(tenantId);
    if (source === null) return ["its tier is not there"];
    const unread = [
      ...everyone.faults,
      ...(limits.get(`tier/${tierIds.get(tenantId) ?? ""}`)?.faults ?? []),
      ...(budgetFaults.get(null) ?? []),
      ...(budgetFaults.get(tenantId) ?? []),
    ];
    return [...new Set([...unread, ...compileFaults(source)])];
  }

  return {
    budgets: [...budgets.values()].flat(),
    of,
    ofKey: (keyFamilyId) => limits.get(`key/${keyFamilyId}`)?.rows ?? [],
    faultsOf,
    laterFaultsOf(tenantId) {
      const source = of(tenantId);
      return source === null ? [] : overrideFaults(source, rows.version, now);
    },
    keyFaults: keyFaultsOf(limits),
  };
}

type LimitsByOwner = ReadonlyMap<string, OwnLimits>;
type BudgetsByTenant = ReadonlyMap<string | null, readonly BudgetRow[]>;

/** Finds all rows that a tenant's policies are compiled from; null for a tenant without a tier. */
function tenantSources(rows: ConfigRows, limits: LimitsByOwner, budgets: BudgetsByTenant) {
  const overrides = rows.overrides.map(
    (row): OverrideRow => ({ ...row, expiresAtMs: row.expiresAt?.getTime() ?? null }),
  );
  const exact = grouped(overrides, (row) => row.tenantPattern);
  const patterns = overrides.filter((row) => row.tenantPattern.endsWith("*"));
  const tenants = new Map(rows.tenants.map((row) => [row.id, row]));
  const tiers = new Map(rows.tiers.map((row) => [row.id, row]));
  return (tenantId: string): TenantSource | null => {
    const tenant = tenants.get(tenantId);
    const tier = tenant && tiers.get(tenant.tierId);
    if (tenant === undefined || tier === undefined) return null;
    const wide = patterns.filter((row) => patternMatches(row.tenantPattern, tenant.slug));
    const own = (exact.get(tenant.slug) ?? []).filter((row) => !row.tenantPattern.endsWith("*"));
    return {
      tenant: { id: tenant.id, slug: tenant.slug, timeZone: tenant.timeZone },
      tier: { slug: tier.slug },
      everyone: (limits.get(EVERYONE) ?? NO_LIMITS).rows,
      ofTier: limits.get(`tier/${tier.id}`)?.rows ?? [],
      // The order of the table is kept: of two that are equally strong the first counts.
      overrides: wide.length === 0 ? own : overrides.filter((row) => own.includes(row) || wide.includes(row)),
      budgets: [...(budgets.get(null) ?? []), ...(budgets.get(tenantId) ?? [])],
    };
  };
}

/** Compiles a tenant's rows to find their faults. Tenants with the same rows share the result. */
function compileChecker(version: number, now: number): (source: TenantSource) => readonly string[] {
  const checked = new Map<string, readonly string[]>();
  return (source) => {
    const { tier, tenant, overrides: own } = source;
    const id = own.length === 0 ? `${tier.slug} ${tenant.timeZone}` : `${tenant.id} alone`;
    const known = checked.get(id);
    if (known !== undefined) return known;
    const families = new Set([null, ...own.map((row) => row.keyFamilyId)]);
    const faults = [...families].flatMap((keyFamilyId) => {
      const compiled = compilePolicy({ ...source, version, keyFamilyId, ofKey: [], budgets: [] }, now);
      return compiled.kind === "faults" ? compiled.faults : [];
    });
    checked.set(id, faults);
    return faults;
  };
}

/** Compiles each override of a tenant as if no other existed. */
function overrideFaults(source: TenantSource, version: number, now: number): readonly string[] {
  const faults = source.overrides.flatMap((row) => {
    const ofTier = source.ofTier.filter(({ name }) => name === row.limitName);
    const alone = { ...source, version, everyone: [], ofTier, ofKey: [], budgets: [], overrides: [row] };
    const compiled = compilePolicy({ ...alone, keyFamilyId: row.keyFamilyId }, now);
    return compiled.kind === "faults" ? compiled.faults : [];
  });
  return [...new Set(faults)];
}

function keyFaultsOf(limits: LimitsByOwner): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...limits].flatMap(([owner, { rows, faults }]): [string, readonly string[]][] => {
      if (!owner.startsWith("key/")) return [];
      const found = [...faults, ...limitSetFaults(rows, "key")];
      return found.length === 0 ? [] : [[owner.slice("key/".length), found]];
    }),
  );
}

type OwnLimits = { readonly rows: OwnedLimit[]; readonly faults: string[] };

const EVERYONE = "everyone";
const NO_LIMITS: OwnLimits = { rows: [], faults: [] };

function groupLimits(rows: ConfigRows["limits"]): Map<string, OwnLimits> {
  const byOwner = new Map<string, OwnLimits>();
  for (const { id, tierId, keyFamilyId, position: _position, ...rest } of rows) {
    const owner = keyFamilyId !== null ? `key/${keyFamilyId}` : tierId !== null ? `tier/${tierId}` : EVERYONE;
    const known = byOwner.get(owner) ?? { rows: [], faults: [] };
    byOwner.set(owner, known);
    const parsed = limitRow.safeParse(rest);
    if (parsed.success) known.rows.push({ id, ...parsed.data });
    else known.faults.push(`limit ${rest.name}: ${issueText(parsed.error.issues)}`);
  }
  return byOwner;
}

function groupBudgets(rows: ConfigRows["budgets"]) {
  const read = rows.map((row) => ({ tenantId: row.tenantId, ...readBudget(row) }));
  const budgets = grouped(
    read.flatMap((one) => (one.kind === "budget" ? one.budget : [])),
    (row) => row.tenantId,
  );
  const faults = new Map<string | null, string[]>();
  for (const one of read) {
    if (one.kind === "fault") faults.set(one.tenantId, [...(faults.get(one.tenantId) ?? []), one.fault]);
  }
  return [budgets, faults] as const;
}

function grouped<Row, Key>(rows: readonly Row[], keyOf: (row: Row) => Key): Map<Key, Row[]> {
  const groups = new Map<Key, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}

function issueText(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  return issues.map(({ path, message }) => `${path.map(String).join(".")} ${message}`.trim()).join(", ");
}
