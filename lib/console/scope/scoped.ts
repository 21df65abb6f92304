import { findKey } from "@/db/queries/limits/config";
import { PublicError } from "@/lib/errors";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { isInScope, scopeWords, type TenantScope } from "./tenant-scope.shared";

/**
 * How an operator of some tenants may use a route. A route without it is refused to them.
 * - open: its answer depends on no tenant, or is of the operator's own account.
 * - filtered: its verb limits what it reads and changes to `actor.tenants`.
 * - tenant: the path or the input names one tenant, which must be theirs. Without it the request is refused, or is of their only one.
 * - list: a tenant that the query names must be theirs; without one the verb limits itself to `actor.tenants`.
 * - object: the path's object belongs to one tenant, which must be theirs.
 * What belongs to another tenant is answered as what does not exist.
 */
export type Scoped =
  | { readonly kind: "open" | "filtered" | "list" }
  | { readonly kind: "tenant"; readonly member: "slug" | "tenant" }
  | { readonly kind: "object"; readonly missing: string; readonly tenantOf: TenantOf };

/** The slug of the tenant that an object belongs to; null = there is no such object, or it is not of one tenant. */
type TenantOf = (context: ConsoleContext, id: string) => Promise<string | null>;

export const OPEN: Scoped = { kind: "open" };
export const FILTERED: Scoped = { kind: "filtered" };
/** `tenant` of the query, or all of theirs */
export const LIST: Scoped = { kind: "list" };
/** below /tenants/{slug} */
export const OF_PATH: Scoped = { kind: "tenant", member: "slug" };
/** `tenant` of the query or the body */
export const OF_INPUT: Scoped = { kind: "tenant", member: "tenant" };
export const OF_KEY: Scoped = {
  kind: "object",
  missing: "There is no such key.",
  tenantOf: async (context, id) => slugOf(context, (await findKey(context.db, id))?.tenantId),
};

export const OF_BUDGET: Scoped = {
  kind: "object",
  missing: "There is no such budget.",
  tenantOf: async (context, id) =>
    slugOf(context, context.policy.snapshot.budgets.find((one) => one.id === id)?.tenantId),
};

/** Throws if no operator of some tenants may use the route. */
export function refuseUnscoped(scope: TenantScope, scoped: Scoped | undefined): void {
  if (scope === null || scoped !== undefined) return;
  throw outside(scope, "This is for operators of all tenants.");
}

type Asked = Pick<AdminRequest, "context" | "actor" | "params">;

/** The input that an operator may use. Throws if it is of another tenant, or of all. */
export async function inScope<Input>(
  scoped: Scoped | undefined,
  { context, actor: { tenants: scope }, params, input }: Asked & { readonly input: Input },
): Promise<Input> {
  if (scope === null) return input;
  refuseUnscoped(scope, scoped);
  if (scoped === undefined) return input;
  switch (scoped.kind) {
    case "open":
    case "filtered":
      return input;
    case "list": {
      const named: unknown = Reflect.get(Object(input), "tenant");
      if (typeof named === "string") refuseTenant(scope, named);
      return input;
    }
    case "tenant": {
      if (scoped.member === "slug") refuseTenant(scope, params.slug ?? "");
      if (scoped.member === "slug") return input;
      const named: unknown = Reflect.get(Object(input), "tenant");
      const [only, ...others] = scope;
      if (typeof named === "string") refuseTenant(scope, named);
      else if (only === undefined || others.length > 0) throw outside(scope, "Name one of them.");
      return typeof named === "string" ? input : Object.assign({}, input, { tenant: only });
    }
    case "object": {
      const slug = await scoped.tenantOf(context, params.id ?? "");
      if (slug === null || !isInScope(scope, slug)) throw new PublicError("not_found", scoped.missing);
      return input;
    }
    default:
      return scoped satisfies never;
  }
}

/** As a tenant that does not exist. */
export function refuseTenant(scope: TenantScope, slug: string): void {
  if (!isInScope(scope, slug)) throw new PublicError("not_found", `There is no tenant "${slug.slice(0, 64)}".`);
}

export function outside(scope: readonly string[], what: string): PublicError {
  const seen = scope.length === 0 ? "no tenant" : `${scopeWords(scope)} only`;
  return new PublicError("forbidden", `You see ${seen}. ${what}`);
}

/** The ids of an operator's tenants that exist; null = all. */
export function ownIds({ policy }: ConsoleContext, scope: TenantScope): readonly string[] | null {
  if (scope === null) return null;
  return [...policy.snapshot.tenants.values()].filter(({ slug }) => scope.includes(slug)).map(({ id }) => id);
}

export function slugOf({ policy }: ConsoleContext, tenantId: string | null | undefined): string | null {
  return policy.snapshot.tenants.get(tenantId ?? "")?.slug ?? null;
}
