import type { Database } from "@/db/client";
import { type ConfigRows, loadConfig, policyVersion } from "@/db/queries/config";
import type { Clock } from "@/lib/clock";
import { type ActiveBrake, BRAKE_MODES } from "@/lib/limits/brake";
import type { Log } from "@/lib/log";
import type { Model, Provider } from "@/lib/providers/catalog";
import { BUDGET_LEVELS, BUDGET_PERIODS, type BudgetRow } from "./budget";
import { compilePolicy, type OverrideRow, type OwnedLimit } from "./compile";
import { limitRow, limitSetFaults } from "./limit-row";
import type { Policy } from "./policy";

export type Tenant = ConfigRows["tenants"][number];
export type Tier = ConfigRows["tiers"][number];
export type Brake = ActiveBrake & {
  readonly reason: string;
  readonly publicMessage: string | null;
  /** Epoch ms */
  readonly createdAtMs: number;
  readonly createdBy: string;
};

/** One version of everything that decides calls. Immutable; replaced whole. */
export type Snapshot = {
  readonly version: number;
  readonly tenants: ReadonlyMap<string, Tenant>;
  readonly tiers: ReadonlyMap<string, Tier>;
  readonly models: ReadonlyMap<string, Model>;
  readonly brakes: readonly Brake[];
  readonly budgets: readonly BudgetRow[];
  /** Limits of one key of a tenant; with null, those that hold for the tenant whatever the key. */
  policyOf(tenantId: string, keyFamilyId: string | null): Policy;
  /** The same as if the tenant's tier had these limits: for looking, not for deciding. Compiled anew each time. */
  policyIf(tenantId: string, keyFamilyId: string | null, ofTier: readonly OwnedLimit[]): Policy;
};

/**
 * The configuration in force in this process. `refresh` after an edit puts it in force before the editor is answered;
 * `follow` picks up what others changed. Fail mode: rows that do not compile are refused, the last good version stays
 * and the fault is logged; without any good version the start fails.
 */
export class CurrentPolicy {
  #snapshot: Snapshot | null = null;
  #timer: NodeJS.Timeout | null = null;
  #listeners: ((snapshot: Snapshot) => Promise<void> | void)[] = [];
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(input: { db: Database; clock: Clock; log: Log }) {
    this.#db = input.db;
    this.#clock = input.clock;
    this.#log = input.log;
  }

  get snapshot(): Snapshot {
    if (this.#snapshot === null) throw new Error("the policy has not been loaded yet");
    return this.#snapshot;
  }

  /** Called, and awaited, with each new snapshot before it counts as in force. */
  onChange(listener: (snapshot: Snapshot) => Promise<void> | void): void {
    this.#listeners.push(listener);
  }

  /** Loads what the database has now. Throws what is wrong with it, in words. */
  async refresh(): Promise<Snapshot> {
    const rows = await loadConfig(this.#db, new Date(this.#clock.now()));
    const snapshot = makeSnapshot(rows, this.#clock);
    // Two refreshes may overtake each other; the newer version must win.
    if (this.#snapshot !== null && this.#snapshot.version > snapshot.version) return this.#snapshot;
    this.#snapshot = snapshot;
    for (const listener of this.#listeners) await listener(snapshot);
    return snapshot;
  }

  /** Looks for a newer version every `everyMs` until `stop`. */
  follow(everyMs: number): void {
    const look = async () => {
      try {
        if ((await policyVersion(this.#db)) !== this.snapshot.version) await this.refresh();
      } catch (error) {
        this.#log.error({ err: error }, "policy not refreshed; the last good version stays in force");
      }
      if (this.#timer !== null) this.#timer = setTimeout(look, everyMs).unref();
    };
    this.#timer = setTimeout(look, everyMs).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function makeSnapshot(rows: ConfigRows, clock: Clock): Snapshot {
  const owned = rows.limits.map((row) => ({ ...row, ...parseLimit(row) }));
  const faults = [...rows.tiers.map((tier) => tier.id), null].flatMap((tierId) =>
    limitSetFaults(owned.filter((row) => row.tierId === tierId && row.keyFamilyId === null)),
  );
  if (faults.length > 0) throw new Error(`limits in the database are not sound: ${faults.join("; ")}`);
  const overrides: OverrideRow[] = rows.overrides.map((row) => ({
    ...row,
    expiresAtMs: row.expiresAt?.getTime() ?? null,
  }));
  const budgets = rows.budgets.map(budgetOf);
  const tenants = new Map(rows.tenants.map((row) => [row.id, row]));
  const tiers = new Map(rows.tiers.map((row) => [row.id, row]));
  const policies = new Map<string, Policy>();

  function compile(tenantId: string, keyFamilyId: string | null, draft?: readonly OwnedLimit[]): Policy {
    const tenant = tenants.get(tenantId);
    const tier = tenant && tiers.get(tenant.tierId);
    if (tenant === undefined || tier === undefined) throw new Error("a policy is asked for a tenant that is not there");
    const of = (test: (row: (typeof owned)[number]) => boolean): OwnedLimit[] => owned.filter(test);
    const source = {
      version: rows.version,
      tenant,
      tier,
      keyFamilyId,
      everyone: of((row) => row.tierId === null && row.keyFamilyId === null),
      ofTier: draft ?? of((row) => row.tierId === tier.id),
      ofKey: of((row) => keyFamilyId !== null && row.keyFamilyId === keyFamilyId),
      overrides,
      budgets: budgets.filter((row) => row.tenantId === null || row.tenantId === tenantId),
    };
    return compilePolicy(source, clock.now()).policy;
  }

  return {
    version: rows.version,
    tenants,
    tiers,
    models: new Map(modelsOf(rows).map((model) => [model.slug, model])),
    brakes: rows.brakes.map(brakeOf),
    budgets,
    policyIf: compile,
    policyOf(tenantId, keyFamilyId) {
      const id = `${tenantId}/${keyFamilyId ?? ""}`;
      const known = policies.get(id);
      if (known !== undefined && (known.validUntilMs === null || clock.now() < known.validUntilMs)) return known;
      const policy = compile(tenantId, keyFamilyId);
      if (policies.size >= POLICIES_MAX) policies.clear();
      policies.set(id, policy);
      return policy;
    },
  };
}

/** Compiled policies kept per snapshot; beyond it they are compiled again as they are asked for. */
const POLICIES_MAX = 10_000;

function parseLimit(row: ConfigRows["limits"][number]) {
  const { id: _id, tierId: _tier, keyFamilyId: _key, position: _position, ...rest } = row;
  const parsed = limitRow.safeParse(rest);
  if (parsed.success) return parsed.data;
  throw new Error(`limit ${row.name} in the database is not sound: ${parsed.error.issues[0]?.message ?? "unreadable"}`);
}

/** A budget as the database keeps it, with its words known. */
export function budgetOf(row: ConfigRows["budgets"][number]): BudgetRow {
  const [level, period] = [
    BUDGET_LEVELS.find((known) => known === row.level),
    BUDGET_PERIODS.find((known) => known === row.period),
  ];
  if (level === undefined || period === undefined) throw new Error(`budget ${row.slug} has an unknown level or period`);
  const [carriedIntoMs, raiseUntilMs] = [row.carriedInto?.getTime() ?? null, row.raiseUntil?.getTime() ?? null];
  return { ...row, level, period, carriedIntoMs, raiseUntilMs };
}

function brakeOf(row: ConfigRows["brakes"][number]): Brake {
  const mode = BRAKE_MODES.find((known) => known === row.mode);
  if (mode === undefined) throw new Error(`brake ${row.id} has an unknown mode`);
  const { id, scope, reason, publicMessage, createdBy } = row;
  const createdAtMs = row.createdAt.getTime();
  return {
    id,
    scope,
    mode,
    reason,
    publicMessage,
    createdBy,
    createdAtMs,
    expiresAtMs: row.expiresAt?.getTime() ?? null,
    rampFromMs: row.rampFrom?.getTime() ?? null,
  };
}

function modelsOf(rows: ConfigRows): Model[] {
  const providers = new Map(rows.providers.map((row) => [row.id, providerOf(row)]));
  const prices = new Map(rows.prices.map((row) => [row.modelId, row]));
  return rows.models.flatMap((row) => {
    const provider = providers.get(row.providerId);
    const price = prices.get(row.id);
    if (provider === undefined) return [];
    return {
      ...row,
      provider,
      createdAt: Math.floor(row.createdAt.getTime() / 1000),
      price:
        price === undefined
          ? null
          : {
              input: price.inputMicroUsdPerMillion,
              cachedInput: price.cachedInputMicroUsdPerMillion,
              output: price.outputMicroUsdPerMillion,
            },
    };
  });
}

function providerOf(row: ConfigRows["providers"][number]): Provider {
  const dialect = row.dialect === "anthropic" ? "anthropic" : "openai";
  const { id, slug, baseUrl, credentialEnv, credentialSealed, allowLocal, continuousUsage } = row;
  return { id, slug, dialect, baseUrl, credentialEnv, credentialSealed, allowLocal, continuousUsage };
}
