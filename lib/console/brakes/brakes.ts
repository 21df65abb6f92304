import { randomUUID } from "node:crypto";
import { z } from "zod";
import { findKey } from "@/db/queries/limits/config";
import {
  type BrakeRow,
  brakesOn,
  insertBrake,
  liftBrake,
  observedByBrakes,
  listBrakes as readBrakes,
  refusedByBrakes,
} from "@/db/queries/operators/brakes";
import { PublicError } from "@/lib/errors";
import { BRAKE_MODES, type BrakeScope, isModelOf } from "@/lib/limits/brake";
import { PRIORITIES } from "@/lib/limits/rules/priority";
import { tagMeant } from "@/lib/limits/rules/tags";
import { ENDPOINTS } from "@/lib/wire/call";
import { needsConfirmation } from "../access/sessions";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";

const slug = z.string().min(1).max(128);
const callersName = z.string().trim().min(1).max(512);
const DAY_SECONDS = 86_400;
const HISTORY_MAX = 100;

export const newBrake = z.strictObject({
  scope: z.strictObject({
    tenant: slug.optional(),
    model: slug.optional(),
    provider: slug.optional(),
    key: slug.optional(),
    endpoint: slug.optional(),
    tier: slug.optional(),
    /** as callers name them: an agent's run, and an agent */
    session: callersName.optional(),
    agent: callersName.optional(),
    /** one value of one tag: name=value */
    tag: callersName.optional(),
    priority: z.enum(PRIORITIES).optional(),
  }),
  mode: z.enum(BRAKE_MODES, `must be one of ${BRAKE_MODES.join(", ")}`).default("block"),
  reason: z.string().trim().min(8, "say why, in at least 8 characters").max(500),
  publicMessage: z.string().trim().min(1).max(300).optional(),
  expiresInSeconds: z
    .number()
    .int()
    .min(1)
    .max(30 * DAY_SECONDS)
    .nullable(),
});

export const liftInput = z.strictObject({
  reason: z.string().trim().min(1).max(500).optional(),
  rampSeconds: z.number().int().min(10).max(3600).optional(),
});

export function brakeId(): string {
  return `brk_${randomUUID().replaceAll("-", "").slice(0, 20)}`;
}

/** POST /api/admin/brakes: in force for the next admission when it is answered. Cutting brakes end running calls too. */
export async function setBrake({ context, actor, input }: AdminRequest<typeof newBrake>) {
  await checkScope(context, input.scope);
  const isForEverybody = Object.values(input.scope).every((name) => name === undefined);
  if (isForEverybody && input.expiresInSeconds === null) {
    needsConfirmation({ context, actor }, "Stopping everybody without an expiry");
  }
  const now = context.clock.now();
  const row = {
    id: brakeId(),
    scope: input.scope,
    mode: input.mode,
    reason: input.reason,
    publicMessage: input.publicMessage ?? null,
    createdBy: actor.name,
    createdAt: new Date(now),
    expiresAt: input.expiresInSeconds === null ? null : new Date(now + input.expiresInSeconds * 1000),
  };
  const stored = await change(context, actor, async (tx) => {
    const brake = await insertBrake(tx, row);
    return {
      result: brake,
      change: { action: "brakes.set", target: brake.id, before: null, after: shown(brake, now), reason: input.reason },
    };
  });
  return { status: 201, body: { ...shown(stored, now), refused: 0, observed: 0 } };
}

/**
 * DELETE /api/admin/brakes/{id}: lifts it for the next admission, or with `rampSeconds` lets a share of the calls through
 * that grows evenly to all of them, so that what has waited does not come back at once.
 */
export async function lift({ context, actor, params, input }: AdminRequest<typeof liftInput>) {
  const { reason, rampSeconds } = input;
  const now = context.clock.now();
  const lifted = await change(context, actor, async (tx) => {
    const by = { by: actor.name, at: new Date(now), reason: reason ?? null };
    const until = rampSeconds === undefined ? null : new Date(now + rampSeconds * 1000);
    const brake = await liftBrake(tx, params.id ?? "", by, until);
    if (brake === null) throw new PublicError("not_found", "There is no such brake, or it has been lifted already.");
    return {
      result: brake,
      change: {
        action: "brakes.lift",
        target: brake.id,
        before: null,
        after: shown(brake, now),
        reason: reason ?? null,
      },
    };
  });
  return { body: (await viewOf(context, [lifted.id], now))(lifted) };
}

/** GET /api/admin/brakes: the newest first; `active` tells which are in force. */
export async function listBrakes({
  context,
}: Pick<AdminRequest, "context">): Promise<{ body: { brakes: BrakeView[] } }> {
  const now = context.clock.now();
  const newest = await readBrakes(context.db, HISTORY_MAX);
  // One without an end stays listed, however many came after it.
  const older = (await brakesOn(context.db, new Date(now))).filter((row) => !newest.some(({ id }) => id === row.id));
  const rows = [...newest, ...older];
  const view = await viewOf(
    context,
    rows.map((row) => row.id),
    now,
  );
  return { body: { brakes: rows.map(view) } };
}

/** Shows brakes with what they have refused. `ids`: those that are shown. */
async function viewOf({ db }: ConsoleContext, ids: readonly string[], now: number) {
  const [refused, observed] = await Promise.all([refusedByBrakes(db, ids), observedByBrakes(db, ids)]);
  return (row: BrakeRow): BrakeView => ({
    ...shown(row, now),
    refused: refused.get(row.id) ?? 0,
    observed: observed.get(row.id) ?? 0,
  });
}

/** Those in force, without what they have refused: asked for twice a second. */
export async function brakesNow(context: ConsoleContext): Promise<BrakeState[]> {
  const now = context.clock.now();
  return (await brakesOn(context.db, new Date(now))).map((row) => shown(row, now));
}

export type BrakeState = ReturnType<typeof shown>;
export type BrakeView = BrakeState & {
  /** calls that it has refused, for the time that the ledger covers */
  readonly refused: number;
  /** calls that it would have refused, of one that observes */
  readonly observed: number;
};

function shown(row: BrakeRow, now: number) {
  const isActive = row.liftedAt === null && (row.expiresAt === null || row.expiresAt.getTime() > now);
  return {
    id: row.id,
    scope: row.scope,
    mode: row.mode,
    reason: row.reason,
    publicMessage: row.publicMessage,
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    liftedAt: row.liftedAt?.toISOString() ?? null,
    liftedBy: row.liftedBy,
    liftReason: row.liftReason,
    /** since when it is being lifted, evenly until it expires; null = it holds in full */
    rampFrom: row.rampFrom?.toISOString() ?? null,
    active: isActive,
  };
}

/** A brake on a name that does not exist would stop nothing and look as if it did. */
async function checkScope(context: ConsoleContext, scope: BrakeScope): Promise<void> {
  const { tenants, tiers, models } = context.policy.snapshot;
  if (scope.tag !== undefined && tagMeant(scope.tag)?.value == null) {
    throw new PublicError("invalid_value", "The tag of a scope is name=value.", { param: "scope" });
  }
  const known = (list: Iterable<{ slug: string }>, name: string | undefined) =>
    name === undefined || [...list].some((one) => one.slug === name);
  const unknown =
    (!known(tenants.values(), scope.tenant) && `tenant "${scope.tenant}"`) ||
    (!known(tiers.values(), scope.tier) && `tier "${scope.tier}"`) ||
    (scope.model !== undefined &&
      ![...models.keys()].some((name) => isModelOf(scope.model ?? "", name)) &&
      `model "${scope.model}"`) ||
    (!known(
      [...models.values()].map((model) => model.provider),
      scope.provider,
    ) &&
      `provider "${scope.provider}"`) ||
    (scope.key !== undefined && (await findKey(context.db, scope.key)) === null && `key "${scope.key}"`) ||
    (!known(
      ENDPOINTS.map((name) => ({ slug: name })),
      scope.endpoint,
    ) &&
      `endpoint "${scope.endpoint}"`);
  if (unknown) throw new PublicError("invalid_value", `There is no ${unknown}.`, { param: "scope" });
}
