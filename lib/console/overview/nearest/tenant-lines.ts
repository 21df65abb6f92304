import { activitySince, leastRefused, refusedMinutes } from "@/db/queries/overview/activity";
import { MINUTE_MS } from "@/lib/clock";
import { isInForce } from "@/lib/limits/brake";
import type { Snapshot } from "@/lib/policy/snapshot/snapshot";
import type { ConsoleContext } from "../../kernel/context";
import { CHART_MINUTES } from "../overview-watch";
import { mostUrgent } from "./most-urgent";
import { refusedSince } from "./refused-since";

/** Maximum of calling tenants that are checked first. If there are more, the others get their turn. */
const ACTIVE_MAX = 500;
/** The time span of rates grows in steps: finer ones would change every figure at every read. */
const STEP_MS = 10_000;
/** Rates are over this many minutes, including the running one in part. */
const RATE_MINUTES = 5;

/** Tenants that need attention first, from all recent callers and some of the others in turn; at most two seconds old. */
export async function tenantLines(context: ConsoleContext, now: number) {
  const { snapshot } = context.policy;
  return context.watch.lines.get(String(snapshot.version), now, async () => {
    const lines = mostUrgent({ ...(await lookAtTenants(context, now)), snapshot });
    const began = await refusalsBegan(context, now, lines);
    return {
      lines: lines.map((line) => ({ ...line, refusedSince: began.get(line.slug) ?? null })),
      total: snapshot.tenants.size,
    };
  });
}

/** When the refusals of these tenants began that still go on, by slug. */
async function refusalsBegan(
  { db, policy }: ConsoleContext,
  now: number,
  lines: readonly { readonly slug: string; readonly refusedPerMinute: number }[],
): Promise<ReadonlyMap<string, string>> {
  const refused = new Set(lines.flatMap(({ slug, refusedPerMinute }) => (refusedPerMinute > 0 ? [slug] : [])));
  const tenants = [...policy.snapshot.tenants.values()].filter(({ slug }) => refused.has(slug));
  const thisMinute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const from = new Date(thisMinute - (CHART_MINUTES - 1) * MINUTE_MS);
  const minutes = await refusedMinutes(
    db,
    tenants.map(({ id }) => id),
    from,
  );
  return new Map(
    tenants.flatMap(({ id, slug }) => {
      const since = refusedSince(minutes.get(id) ?? []);
      return since === null ? [] : [[slug, new Date(since).toISOString()] as const];
    }),
  );
}

/** Tenants' recent activity and use of their nearest limits; stopped and calling ones are checked first. */
export async function lookAtTenants(context: ConsoleContext, now: number) {
  const since = Math.floor(now / MINUTE_MS) * MINUTE_MS - (RATE_MINUTES - 1) * MINUTE_MS;
  const active = await activitySince(context.db, new Date(since), ACTIVE_MAX);
  const braked = brakedTenants(context.policy.snapshot, now);
  const first = [...braked.keys(), ...active.map((one) => one.tenantId)];
  const { admission, burnOf, policy } = context;
  const refusing = active.flatMap(({ tenantId, refused }) => (refused > 0 ? tenantId : []));
  const refused = await leastRefused(context.db, refusing, new Date(since));
  const bindings = await context.watch.tenants.look({ admission, burnOf, snapshot: policy.snapshot }, now, first);
  return { active, braked, refused, bindings, minutes: (Math.ceil((now - since) / STEP_MS) * STEP_MS) / MINUTE_MS };
}

/** The brakes on one tenant alone, by its id. */
export function brakedTenants(
  { brakes, tenants }: Pick<Snapshot, "brakes" | "tenants">,
  now: number,
): ReadonlyMap<string, string> {
  const stopping = brakes.filter(
    ({ mode, scope, ...brake }) =>
      scope.tenant !== undefined &&
      // One that is narrowed to a key, a user or a model does not stop the whole tenant.
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
