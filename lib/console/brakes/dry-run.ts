import { findKey } from "@/db/queries/limits/config";
import { callsOf } from "@/db/queries/operators/brakes";
import { namedDigests, userDigest } from "@/lib/admission/digest";
import { isModelOf } from "@/lib/limits/brake";
import type { CallFacts } from "@/lib/limits/rules/layers";
import { isAtMost, PRIORITIES } from "@/lib/limits/rules/priority";
import type { AdminRequest } from "../kernel/door";
import { newBrake } from "./brake-input";
import { refuseForeign } from "./own-brakes";

const LOOK_BACK_MINUTES = 5;

export const dryRunInput = newBrake.pick({ scope: true });

/** Calls that a brake would match if it were set now. */
export type DryRun = {
  /** calls that run now, on any process; block lets them finish, drain and cut do not */
  readonly running: number;
  readonly runningTenants: number;
  /** calls per minute over the last minutes */
  readonly callsPerMinute: number;
  readonly tenants: number;
};

/** POST /api/admin/brakes/dry-run: calls in a scope, from running and recent calls; stops nothing. */
export async function dryRun({ context, actor, input }: AdminRequest<typeof dryRunInput>) {
  const { scope } = input;
  await refuseForeign({ context, actor }, scope);
  const { snapshot } = context.policy;
  const tier = [...snapshot.tiers.values()].find((one) => one.slug === scope.tier);
  const tenants = [...snapshot.tenants.values()].filter(
    (one) =>
      (scope.tenant === undefined || one.slug === scope.tenant) &&
      (scope.tier === undefined || one.tierId === tier?.id),
  );
  const models = [...snapshot.models.values()];
  const meant = models.filter((one) => scope.model !== undefined && isModelOf(scope.model, one.slug));
  const provider = models.find((one) => one.provider.slug === scope.provider)?.provider;
  const key = scope.key === undefined ? null : await findKey(context.db, scope.key);
  const { session = null, agent = null, user = null, tag } = scope;
  const digestOf = (tenantId: string) => (user === null ? null : userDigest(context.digestSecret, tenantId, user));
  const isNamed = (facts: CallFacts) => {
    const named = namedDigests(context.digestSecret, facts.tenantId, { feature: null, session, agent });
    const isSession = session === null || named.sessionDigest === facts.sessionDigest;
    const isUser = user === null || digestOf(facts.tenantId) === facts.userDigest;
    const isTagged = tag === undefined || [...facts.tags.values()].some(({ text }) => text === tag);
    return isUser && isTagged && isSession && (agent === null || named.agentDigest === facts.agentDigest);
  };
  const running = await Promise.all(tenants.map((tenant) => context.admission.running(tenant.id)));
  const covered = running.map(
    (calls) =>
      calls.filter((call) => {
        const reserved = context.reservedOf(call);
        if (reserved === null) return false;
        const { facts, called } = reserved;
        return (
          (scope.model === undefined || meant.some((one) => one.id === facts.modelId)) &&
          (scope.priority === undefined || isAtMost(called.priority, scope.priority)) &&
          (scope.provider === undefined || facts.providerId === provider?.id) &&
          (scope.key === undefined || facts.keyFamilyId === key?.familyId) &&
          (scope.endpoint === undefined || facts.endpoint === scope.endpoint) &&
          isNamed(facts)
        );
      }).length,
  );
  await context.drainBooks();
  const past = await callsOf(context.db, {
    since: new Date(context.clock.now() - LOOK_BACK_MINUTES * 60_000),
    tenantId: scope.tenant === undefined ? undefined : (tenants[0]?.id ?? ""),
    tierId: scope.tier === undefined ? undefined : (tier?.id ?? ""),
    models: scope.model === undefined ? undefined : meant.map((one) => one.slug),
    priorities: PRIORITIES.filter((one) => scope.priority === undefined || isAtMost(one, scope.priority)),
    providerId: scope.provider === undefined ? undefined : (provider?.id ?? ""),
    keyId: scope.key,
    endpoint: scope.endpoint,
    userDigest: (tenants.length === 1 && tenants[0] !== undefined ? digestOf(tenants[0].id) : null) ?? undefined,
    session: scope.session,
    agent: scope.agent,
    tag,
  });
  const answer: DryRun = {
    running: covered.reduce((sum, one) => sum + one, 0),
    runningTenants: covered.filter((one) => one > 0).length,
    callsPerMinute: Math.round((past.calls / LOOK_BACK_MINUTES) * 10) / 10,
    tenants: past.tenants,
  };
  return { body: answer };
}
