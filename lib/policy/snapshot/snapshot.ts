import type { ConfigRows } from "@/db/queries/limits/config";
import type { Clock } from "@/lib/clock";
import type { Model } from "@/lib/providers/catalog";
import type { BudgetRow } from "../budget";
import { type Compiled, compilePolicy, type OwnedLimit } from "../compile";
import { modelsOf } from "../models";
import { type Brake, readBrake } from "../rows/brake-row";
import { type Sources, sourcesOf, type TenantSource } from "./sources";

export type Tenant = ConfigRows["tenants"][number];
export type Tier = ConfigRows["tiers"][number];

/** A database row that does not compile, and its effect. */
export type PolicyFault = {
  /** slug; null = not about a single tenant */
  readonly tenant: string | null;
  readonly text: string;
  readonly effect: FaultEffect;
};

/**
 * held: the last good policy stays in force. refused: there is none, so calls are refused. later: calls are refused when
 * a stronger override ends. blocks: a brake blocks more than its scope.
 */
export const FAULT_EFFECTS = ["held", "refused", "later", "blocks"] as const;
export type FaultEffect = (typeof FAULT_EFFECTS)[number];

/** One version of the complete configuration that decides calls. Immutable; replaced as a whole. */
export type Snapshot = {
  readonly version: number;
  readonly tenants: ReadonlyMap<string, Tenant>;
  readonly tiers: ReadonlyMap<string, Tier>;
  readonly models: ReadonlyMap<string, Model>;
  readonly brakes: readonly Brake[];
  readonly budgets: readonly BudgetRow[];
  readonly faults: readonly PolicyFault[];
  /** Limits of one key of a tenant; with null, those that hold for the tenant whatever the key. */
  policyOf(tenantId: string, keyFamilyId: string | null): Compiled;
  /** The same as if the tenant's tier had these limits: for looking, not for deciding. Compiled again each time. */
  policyIf(tenantId: string, keyFamilyId: string | null, ofTier: readonly OwnedLimit[]): Compiled;
  /** The rows that a tenant's policies are compiled from, the last good ones; null = there are none. */
  sourceOf(tenantId: string): TenantSource | null;
  /** The same of a key's own limits. */
  keyLimitsOf(keyFamilyId: string): readonly OwnedLimit[] | null;
};

/** Compiled policies kept per snapshot; beyond it they are compiled again as they are asked for. */
const POLICIES_MAX = 10_000;

/**
 * Builds a snapshot from rows. Never throws for a row: a tenant whose rows do not compile keeps its part of the
 * previous snapshot, or has no policy if there was none. Other tenants are not affected.
 */
export function makeSnapshot(input: { rows: ConfigRows; clock: Clock; previous: Snapshot | null }): Snapshot {
  const { rows, clock, previous } = input;
  const sources = sourcesOf(rows, clock.now());
  const tenants = new Map(rows.tenants.map((row) => [row.id, row]));
  const brakes = rows.brakes.map(readBrake);
  const held = heldOver(rows, sources, previous);
  const policies = new Map<string, Compiled>();

  const sourceOf = (tenantId: string) =>
    held.tenants.has(tenantId) ? (held.tenants.get(tenantId) ?? null) : sources.of(tenantId);
  const keyLimitsOf = (family: string) =>
    held.keys.has(family) ? (held.keys.get(family) ?? null) : sources.ofKey(family);

  function compile(tenantId: string, keyFamilyId: string | null, draft?: readonly OwnedLimit[]): Compiled {
    const source = sourceOf(tenantId);
    if (source === null) return { kind: "faults", faults: sources.faultsOf(tenantId) };
    const ofKey = keyFamilyId === null ? [] : keyLimitsOf(keyFamilyId);
    if (ofKey === null) return { kind: "faults", faults: sources.keyFaults.get(keyFamilyId ?? "") ?? [] };
    const ofTier = draft ?? source.ofTier;
    return compilePolicy({ ...source, ofTier, version: rows.version, keyFamilyId, ofKey }, clock.now());
  }

  return {
    version: rows.version,
    tenants,
    tiers: new Map(rows.tiers.map((row) => [row.id, row])),
    models: new Map(modelsOf(rows).map((model) => [model.slug, model])),
    brakes: brakes.map(({ brake }) => brake),
    budgets: sources.budgets,
    faults: [
      ...held.faults,
      ...brakes.flatMap(({ faults }) => faults.map((text): PolicyFault => ({ tenant: null, text, effect: "blocks" }))),
    ],
    sourceOf,
    keyLimitsOf,
    policyIf: compile,
    policyOf(tenantId, keyFamilyId) {
      const id = `${tenantId}/${keyFamilyId ?? ""}`;
      const known = policies.get(id);
      if (known !== undefined && isCurrent(known, clock.now())) return known;
      const compiled = compile(tenantId, keyFamilyId);
      if (policies.size >= POLICIES_MAX) policies.clear();
      policies.set(id, compiled);
      return compiled;
    },
  };
}

/** Faults of a snapshot that the one before did not have. */
export function newFaults(before: Pick<Snapshot, "faults"> | null, after: Pick<Snapshot, "faults">): PolicyFault[] {
  const known = new Set(before?.faults.map(({ tenant, text }) => `${tenant} ${text}`));
  return after.faults.filter(({ tenant, text }) => !known.has(`${tenant} ${text}`));
}

function isCurrent(compiled: Compiled, now: number): boolean {
  if (compiled.kind === "faults") return true;
  const { validUntilMs } = compiled.policy;
  return validUntilMs === null || now < validUntilMs;
}

/** For every owner whose rows do not compile: its previous rows; null = none. */
function heldOver(rows: ConfigRows, sources: Sources, previous: Snapshot | null) {
  const tenants = new Map<string, TenantSource | null>();
  const keys = new Map<string, readonly OwnedLimit[] | null>();
  const faults: PolicyFault[] = [];
  for (const { id, slug } of rows.tenants) {
    const found = sources.faultsOf(id);
    const later = sources.laterFaultsOf(id).filter((text) => !found.includes(text));
    faults.push(...later.map((text): PolicyFault => ({ tenant: slug, text, effect: "later" })));
    if (found.length === 0) continue;
    const before = previous?.sourceOf(id) ?? null;
    tenants.set(id, before);
    const effect = before === null ? "refused" : "held";
    faults.push(...found.map((text): PolicyFault => ({ tenant: slug, text, effect })));
  }
  for (const [family, found] of sources.keyFaults) {
    const before = previous?.keyLimitsOf(family) ?? null;
    keys.set(family, before);
    const effect = before === null ? "refused" : "held";
    faults.push(...found.map((text): PolicyFault => ({ tenant: null, text: `key ${family}: ${text}`, effect })));
  }
  return { tenants, keys, faults };
}
