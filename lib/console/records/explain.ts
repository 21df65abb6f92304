import { z } from "zod";
import { findLedgerRow } from "@/db/queries/books/books";
import { findRefusedCall, listRefusedCalls, type RefusedCall } from "@/db/queries/books/refused";
import { userNames } from "@/db/queries/money/budgets";
import { findTurnedAway, type TurnedAwayRow } from "@/db/queries/requests/turned-away";
import { PublicError } from "@/lib/errors";
import { brakeOn, metBy } from "@/lib/limits/brake";
import { heldAmounts, isCounting } from "@/lib/limits/cost";
import { fits, largestOutput, roomOf } from "@/lib/limits/ladder/largest-output";
import type { Dimension } from "@/lib/limits/rules/dimensions";
import type { Layer } from "@/lib/limits/rules/layers";
import { asPriority, USUAL_PRIORITY } from "@/lib/limits/rules/priority";
import { storedTags } from "@/lib/limits/rules/tags";
import { heldPriceOf } from "@/lib/money/cost";
import { appliedLimits } from "@/lib/policy/compile";
import { policyInForce } from "@/lib/policy/snapshot/in-force";
import { type Quota, quotaOf } from "@/lib/quota/quota";
import { rollOf } from "@/lib/request-id";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { msOf } from "../requests/log-filter";
import { slugOf } from "../scope/scoped";
import { isInScope } from "../scope/tenant-scope.shared";
import { type Asked, askedOf, callFacts } from "./call-facts";
import { ledgerRowView, soughtFor } from "./ledger";
import { ownPart } from "./own-part";

/** A refused call in the API's form. */
export type RefusedView = Omit<RefusedCall, "at" | "tenantId" | "providerId" | "userDigest"> & {
  readonly at: string;
  readonly tenant: string;
  /** with at most this many output tokens it would have been admitted; null = its length was not the reason */
  readonly largestOutputTokens: number | null;
};

/** The result of the same call now. */
export type Again = {
  readonly isAdmitted: boolean;
  /** the brake that would refuse it */
  readonly brakeId: string | null;
  readonly limits: readonly {
    readonly name: string;
    readonly layer: Layer;
    readonly dimension: Dimension;
    readonly limit: number;
    readonly remaining: number;
    readonly asked: number;
    readonly fits: boolean;
  }[];
};

export type Explained = {
  /** the caller's own name for its end user; null when there is none */
  readonly user: string | null;
  readonly refused: RefusedView | null;
  readonly again: Again;
  readonly quota: Quota;
};

/** Calls that were answered before any limit was checked: one line of the log, found by the id of its first call. */
export type DeniedView = {
  readonly requestId: string;
  readonly at: string;
  readonly code: string;
  readonly status: number;
  /** null = the key's owner was not proven */
  readonly tenant: string | null;
  /** as it was sent, valid or not; null = none */
  readonly keyId: string | null;
  readonly address: string | null;
  readonly endpoint: string;
  /** that was asked for; null = not read before the denial, or several in this minute */
  readonly model: string | null;
  readonly count: number;
};

export const explainQuery = z.strictObject({ requestId: z.string().min(1).max(64) });

/**
 * GET /api/admin/explain?requestId=: a call and its charge, or a refused one with every limit at that time; the result
 * of the same call now, and all that its caller has left. Or a call that was turned away before any limit was checked.
 */
export async function explain({ context, actor, input }: AdminRequest<typeof explainQuery>) {
  const { requestId } = input;
  await context.drainBooks();
  const [served] = await findLedgerRow(context.db, requestId);
  const refused = served === undefined ? await findRefusedCall(context.db, requestId) : null;
  const own = ownPart(context, actor);
  if (served !== undefined && isInScope(actor.tenants, served.tenant)) {
    const { row, tenant } = served;
    const asked = askedOf(row);
    const call = ledgerRowView(row, tenant);
    return { body: { call, refused: null, denied: null, ...own.now(await nowOf(context, asked), row) } };
  }
  if (refused !== null && isInScope(actor.tenants, slugOf(context, refused.tenantId) ?? "")) {
    const seen = own.now(await nowOf(context, refused), refused);
    return { body: { call: null, refused: refusedView(context, own.refused(refused)), denied: null, ...seen } };
  }
  const denied = await findTurnedAway(context.db, requestId);
  if (denied !== null && isInScope(actor.tenants, slugOf(context, denied.tenantId) ?? "")) {
    const seen = { user: null, again: null, quota: null };
    return { body: { call: null, refused: null, denied: deniedView(context, denied), ...seen } };
  }
  const message =
    "No call with this id is stored. It may still be running, be past its retention, or be one of many refusals that were only counted. The refusal's error text has its numbers.";
  throw new PublicError("not_found", message, { param: "requestId" });
}

function deniedView({ policy }: ConsoleContext, row: TurnedAwayRow): DeniedView {
  const { requestId, code, status, tenantId, keyId, address, path, model, count } = row;
  return {
    requestId,
    at: new Date(msOf(requestId)).toISOString(),
    code,
    status,
    tenant: tenantId === "" ? null : (policy.snapshot.tenants.get(tenantId)?.slug ?? tenantId),
    keyId: keyId || null,
    address: address || null,
    endpoint: path,
    model,
    count,
  };
}

async function nowOf(context: ConsoleContext, asked: Asked): Promise<Omit<Explained, "refused">> {
  const { admission, burnOf, clock, reservedOf, policy: policies, db } = context;
  const { tenantId, keyFamilyId, endpoint, userDigest, session, agent } = asked;
  const { snapshot } = policies;
  const tags = storedTags(asked.tags);
  const tenant = snapshot.tenants.get(tenantId);
  const facts = callFacts(context, asked);
  const policy = policyInForce(snapshot, tenantId, keyFamilyId);
  const now = clock.now();
  const provider = snapshot.models.get(asked.model)?.provider.slug ?? "";
  const priority = asPriority(asked.priority) ?? USUAL_PRIORITY;
  const limits = appliedLimits(policy, facts, { model: asked.model, provider, priority }, now);
  const [quota, peeked, names] = await Promise.all([
    quotaOf({ admission, policy, facts, now, reservedOf, burnOf }),
    admission.peek(limits),
    userNames(db, [userDigest]),
  ]);
  const amounts = heldAmounts(asked.endpoint, tokensOf(asked), heldPriceOf(asked));
  const lines = peeked.states.flatMap((state) => {
    const { limitId, layer, dimension, rule } = state.check;
    if (amounts[dimension] === 0) return [];
    const name = policy.limits.find((limit) => limit.limitId === limitId)?.name ?? limitId;
    const room = { limit: rule.capacity, remaining: state.remaining, asked: amounts[dimension] };
    return [{ name, layer, dimension, ...room, fits: fits(roomOf(state), amounts) }];
  });
  const brake = brakeOn(metBy(snapshot.brakes, rollOf(asked.requestId), now), {
    tenant: tenant?.slug ?? "",
    key: asked.keyId,
    model: asked.model,
    provider,
    endpoint,
    priority,
    tier: snapshot.tiers.get(facts.tierId)?.slug ?? "",
    user: names.get(userDigest) ?? "",
    session: session ?? "",
    agent: agent ?? "",
    tags: tags.map(({ text }) => text),
  });
  const isBraked = brake !== null && (brake.expiresAtMs === null || now < brake.expiresAtMs);
  const again = {
    isAdmitted: !isBraked && lines.every((line) => line.fits),
    brakeId: isBraked ? brake.id : null,
    limits: lines,
  };
  return { user: names.get(userDigest) ?? null, again, quota };
}

function tokensOf({ endpoint, estimatedInputTokens, reservedOutputTokens, permits }: Asked) {
  const isCount = isCounting(endpoint);
  return { inputTokens: isCount ? 0 : estimatedInputTokens, outputTokens: isCount ? 0 : reservedOutputTokens, permits };
}

export const refusedQuery = z.strictObject({
  tenant: z.string().min(1).max(128),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  /** `next` of the page before */
  after: z.string().max(64).optional(),
  find: z.string().max(200).optional(),
});

/** GET /api/admin/refusals/calls?tenant=&limit=&after=&find=: a tenant's stored refused calls. */
export async function listRefused({ context, actor, input }: AdminRequest<typeof refusedQuery>) {
  const { after = null, find = null, ...asked } = input;
  await context.drainBooks();
  const own = ownPart(context, actor);
  const rows = await listRefusedCalls(context.db, { ...asked, after, ...soughtFor(context, asked.tenant, find) });
  const next = rows.length < asked.limit ? null : (rows.at(-1)?.requestId ?? null);
  return { body: { calls: rows.map((row) => refusedView(context, own.refused(row))), next } };
}

function refusedView(context: ConsoleContext, row: RefusedCall): RefusedView {
  const { tenantId, providerId: _provider, userDigest: _user, at, ...rest } = row;
  return {
    ...rest,
    at: at.toISOString(),
    tenant: context.policy.snapshot.tenants.get(tenantId)?.slug ?? tenantId,
    largestOutputTokens:
      row.met.length === 0 ? null : largestOutput(row.met, { ...tokensOf(row), price: heldPriceOf(row) }),
  };
}
