import { z } from "zod";
import type { Database } from "@/db/client";
import { type NamesOf, namesOf } from "@/db/queries/operators/scope-names";
import { scopeWords } from "../brakes/scope-words.shared";

/** The parts of an audit row that say what was changed. */
export type Changed = {
  readonly action: string;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
};

const scoped = z.looseObject({ scope: z.record(z.string(), z.string().optional()) });
const overridden = z.looseObject({ tenant: z.string(), limit: z.string() });
const hasName = z.looseObject({ name: z.string().min(1) });

/** Objects whose target is a tenant's slug. */
const OF_TENANTS = new Set(["tenants", "notes", "counters", "wishes", "classes"]);
const OF_TIERS = new Set(["tiers", "limits"]);

/**
 * What people call the objects of these changes, in their order; null = as the log writes them. A name is today's: the
 * log has slugs and ids, which stay.
 */
export async function targetNames(
  db: Database,
  tiers: Iterable<{ readonly slug: string; readonly name: string }>,
  rows: readonly Changed[],
): Promise<readonly (string | null)[]> {
  const scopes = rows.map(scopeOf);
  const known = await namesOf(db, {
    tenants: unique([
      ...rows.flatMap((row) => (OF_TENANTS.has(kindOf(row)) ? row.target : [])),
      ...scopes.flatMap((scope) => scope?.tenant ?? []),
      ...rows.flatMap((row) => overrideOf(row)?.tenant ?? []),
    ]),
    keys: unique([
      ...rows.flatMap((row) => (kindOf(row) === "keys" ? row.target : [])),
      ...scopes.flatMap((scope) => scope?.key ?? []),
    ]),
  });
  const tierNames = new Map([...tiers].map(({ slug, name }) => [slug, name]));
  return rows.map((row, at) => nameOf(row, scopes[at] ?? null, known, tierNames));
}

function nameOf(row: Changed, scope: Scope | null, known: NamesOf, tiers: ReadonlyMap<string, string>): string | null {
  const kind = kindOf(row);
  if (OF_TENANTS.has(kind)) return known.tenants.get(row.target) ?? ownName(row);
  if (OF_TIERS.has(kind)) return tiers.get(row.target) ?? ownName(row);
  if (kind === "keys") {
    const key = known.keys.get(row.target);
    return key === undefined ? ownName(row) : `"${key.name}" of ${key.tenant}`;
  }
  if (scope !== null) {
    const key = scope.key === undefined ? undefined : known.keys.get(scope.key);
    const tenant = known.tenants.get(scope.tenant ?? "");
    const names = {
      ...(tenant === undefined ? {} : { tenant }),
      ...(key === undefined ? {} : { key: key.name, keyTenant: key.tenant }),
    };
    return scopeWords(scope, names);
  }
  const override = overrideOf(row);
  if (override !== null) return `${override.limit} of ${known.tenants.get(override.tenant) ?? override.tenant}`;
  return ownName(row);
}

type Scope = Readonly<Record<string, string | undefined>>;

function scopeOf(row: Changed): Scope | null {
  return kindOf(row) === "brakes" ? (read(scoped, row)?.scope ?? null) : null;
}

function overrideOf(row: Changed) {
  return kindOf(row) === "overrides" ? read(overridden, row) : null;
}

/** The name that the row itself holds. */
function ownName(row: Changed): string | null {
  return read(hasName, row)?.name ?? null;
}

function read<Shape>(shape: z.ZodType<Shape>, { before, after }: Changed): Shape | null {
  return shape.safeParse(after).data ?? shape.safeParse(before).data ?? null;
}

function kindOf({ action }: Changed): string {
  return action.slice(0, Math.max(0, action.indexOf(".")));
}

function unique(all: readonly string[]): string[] {
  return [...new Set(all)];
}
