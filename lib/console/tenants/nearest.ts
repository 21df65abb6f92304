import { userNames } from "@/db/queries/money/budgets";
import { type RecentCaller, recentCallers } from "@/db/queries/tenants/recent-callers";
import { readKeyNames } from "@/db/queries/tenants/tenancy";
import { addressDigest, namedDigests, tagFacts, userDigest } from "@/lib/admission/digest";
import { HOUR_MS } from "@/lib/clock";
import type { CheckState } from "@/lib/limits/decide";
import { NO_TAGS } from "@/lib/limits/rules/layers";
import { storedTags } from "@/lib/limits/rules/tags";
import { isForEveryone } from "@/lib/policy/compile";
import { policyInForce } from "@/lib/policy/snapshot/in-force";
import { burnOfLimit, knownLimits, type QuotaLine, quotaLine } from "@/lib/quota/quota";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { tenantBySlug } from "./tenants";

const SHOWN_MAX = 10;

export type NearestView = {
  readonly at: string;
  readonly limits: readonly (QuotaLine & {
    /** `name` is null for calls without a user */
    readonly of: { readonly kind: RecentCaller["kind"]; readonly id: string; readonly name: string | null };
  })[];
};

/**
 * GET /api/admin/tenants/{slug}/nearest: the limits of single keys, users, features, models, sessions, agents, tags and
 * client addresses that called in the last hour, nearest to refusing first. Unused ones are left out. Operators of some
 * tenants get none that counts other tenants too.
 */
export async function nearestLimits({ context, actor, params }: AdminRequest) {
  const tenant = tenantBySlug(context, params.slug ?? "");
  await context.drainBooks();
  const now = context.clock.now();
  const callers = await recentCallers(context.db, { tenantId: tenant.id, since: new Date(now - HOUR_MS) });
  const asked = callers.flatMap((caller) =>
    limitsOf(context, tenant, caller, now)
      .filter(({ limit }) => actor.tenants === null || !isForEveryone(limit))
      .map((one) => ({ ...one, caller })),
  );
  const peeked = await context.admission.peek(asked.map((one) => one.applied));
  const used = peeked.states.flatMap((state, index) => {
    const one = asked[index];
    return one === undefined || state.used <= 0 ? [] : [{ limit: one.limit, state, caller: one.caller }];
  });
  const nearest = used.sort((one, other) => shareOf(other.state) - shareOf(one.state)).slice(0, SHOWN_MAX);
  const burns = await Promise.all(nearest.map(({ limit }) => burnOfLimit(limit, context.burnOf)));
  const names = await namesOf(
    context,
    nearest.map(({ caller }) => caller),
  );
  const nobody = userDigest(context.digestSecret, tenant.id, null);
  const view: NearestView = {
    at: new Date(peeked.now).toISOString(),
    limits: nearest.map(({ limit, state, caller: { kind, id } }, index) => ({
      ...quotaLine(limit, state, peeked.now, { reserved: null, burn: burns[index] ?? null }),
      of: { kind, id, name: id === nobody ? null : (names.get(id) ?? id) },
    })),
  };
  return { body: view, clock: view.at };
}

function shareOf({ used, check: { rule } }: CheckState): number {
  return rule.capacity === 0 ? 1 : used / rule.capacity;
}

/** The limits of this caller alone. The tenant's own are shown with the tenant. */
function limitsOf(
  { policy: { snapshot }, digestSecret }: ConsoleContext,
  tenant: { readonly id: string; readonly tierId: string },
  { kind, id }: RecentCaller,
  now: number,
) {
  const policy = policyInForce(snapshot, tenant.id, kind === "key" ? id : null);
  const of = (one: RecentCaller["kind"]) => (kind === one ? id : null);
  const address = of("ip");
  const tag = of("tag");
  const facts = {
    tenantId: tenant.id,
    tierId: tenant.tierId,
    keyFamilyId: of("key"),
    userDigest: of("user"),
    ...namedDigests(digestSecret, tenant.id, { feature: of("feature"), session: of("session"), agent: of("agent") }),
    tags: tag === null ? NO_TAGS : tagFacts(digestSecret, tenant.id, storedTags(tag)),
    addressDigest: address === null ? null : addressDigest(digestSecret, address),
    endpoint: null,
    modelId: snapshot.models.get(of("model") ?? "")?.id ?? null,
    providerId: null,
  };
  return knownLimits(policy, facts, now).filter(({ limit }) => limit.layer === kind && !limit.observe);
}

async function namesOf({ db }: ConsoleContext, callers: readonly RecentCaller[]): Promise<Map<string, string>> {
  const of = (kind: RecentCaller["kind"]) => callers.flatMap((one) => (one.kind === kind ? one.id : []));
  const [users, keys] = await Promise.all([userNames(db, of("user")), readKeyNames(db, of("key"))]);
  return new Map([...users, ...keys]);
}
