import { activitySince } from "@/db/queries/overview/activity";
import { MINUTE_MS } from "@/lib/clock";
import { isInForce } from "@/lib/limits/brake";
import type { Snapshot } from "@/lib/policy/snapshot/snapshot";
import type { ConsoleContext } from "../../kernel/context";
import { mostUrgent } from "./most-urgent";

/** Tenants with calls that are looked at first; with more of them at once the others have their turn. */
const ACTIVE_MAX = 500;
/** The time that rates are over grows by steps: finer ones would change every figure at every look. */
const STEP_MS = 10_000;
/** Rates are over this many minutes, the running one as part of them. */
const RATE_MINUTES = 5;

/** The tenants that need attention first, from all that have called lately and a turn of the others; at most two seconds old. */
export async function tenantLines(context: ConsoleContext, now: number) {
  const { snapshot } = context.policy;
  return context.watch.lines.get(String(snapshot.version), now, async () => {
    const lines = mostUrgent({ ...(await lookAtTenants(context, now)), snapshot });
    return { lines, total: snapshot.tenants.size };
  });
}

/** What tenants do lately and what they use of their nearest limits; stopped and calling ones are looked at first. */
export async function lookAtTenants(context: ConsoleContext, now: number) {
  const since = Math.floor(now / MINUTE_MS) * MINUTE_MS - (RATE_MINUTES - 1) * MINUTE_MS;
  const active = await activitySince(context.db, new Date(since), ACTIVE_MAX);
  const braked = brakedTenants(context.policy.snapshot, now);
  const first = [...braked.keys(), ...active.map((one) => one.tenantId)];
  const { admission, burnOf, policy } = context;
  const bindings = await context.watch.tenants.look({ admission, burnOf, snapshot: policy.snapshot }, now, first);
  return { active, braked, bindings, minutes: (Math.ceil((now - since) / STEP_MS) * STEP_MS) / MINUTE_MS };
}

/** The brakes that are set on one tenant alone, by its id. */
export function brakedTenants(
  { brakes, tenants }: Pick<Snapshot, "brakes" | "tenants">,
  now: number,
): ReadonlyMap<string, string> {
  const stopping = brakes.filter(
    ({ mode, scope, ...brake }) =>
      scope.tenant !== undefined &&
      // One that is narrowed to a key, a user or a model stops that alone.
      Object.entries(scope).every(([member, name]) => member === "tenant" || name === undefined) &&
      mode !== "observe" &&
      mode !== "degrade" &&
      isInForce({ mode, scope, ...brake }, now),
  );
  if (stopping.length === 0) return new Map();
  const bySlug = new Map([...tenants.values()].map((tenant) => [tenant.slug, tenant.id]));
  return new Map(
    stopping.flatMap(({ scope, id }) => {
      const tenantId = bySlug.get(scope.tenant ?? "");
      return tenantId === undefined ? [] : [[tenantId, id] as const];
    }),
  );
}
