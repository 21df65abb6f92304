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
import { namesOf } from "@/db/queries/operators/scope-names";
import { PublicError } from "@/lib/errors";
import type { BrakeScope } from "@/lib/limits/brake";
import { needsConfirmation } from "../access/sessions";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { brakeId, type liftInput, type newBrake, refuseUnknown, unknownName } from "./brake-input";
import { type BrakeState, namesFor, shownBrake } from "./brake-view";
import { ownBrakes, refuseForeign } from "./own-brakes";

const HISTORY_MAX = 100;

/** POST /api/admin/brakes: in force for the next admission after the response. A cut brake also ends running calls. */
export async function setBrake({ context, actor, input }: AdminRequest<typeof newBrake>) {
  await refuseForeign({ context, actor }, input.scope);
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
      change: {
        action: "brakes.set",
        target: brake.id,
        before: null,
        after: shownBrake(brake, now),
        reason: input.reason,
      },
    };
  });
  return { status: 201, body: { ...shownBrake(stored, now), refused: 0, observed: 0 } };
}

/**
 * DELETE /api/admin/brakes/{id}: lifts it for the next admission. With `rampSeconds` it admits a growing share of
 * calls, so waiting traffic does not return all at once.
 */
export async function lift({ context, actor, params, input }: AdminRequest<typeof liftInput>) {
  const { reason, rampSeconds } = input;
  const now = context.clock.now();
  const lifted = await change(context, actor, async (tx) => {
    const by = { by: actor.name, at: new Date(now), reason: reason ?? null };
    const until = rampSeconds === undefined ? null : new Date(now + rampSeconds * 1000);
    const brake = await liftBrake(tx, params.id ?? "", by, until);
    // A brake of another tenant is put back with the transaction.
    if (brake === null || (await ownBrakes({ context, actor }, [brake])).length === 0)
      throw new PublicError("not_found", "This brake does not exist or was already lifted.");
    return {
      result: brake,
      change: {
        action: "brakes.lift",
        target: brake.id,
        before: null,
        after: shownBrake(brake, now),
        reason: reason ?? null,
      },
    };
  });
  return { body: (await viewOf(context, [lifted.id], now))(lifted) };
}

/** GET /api/admin/brakes: newest first; `active` tells which are in force. */
export async function listBrakes({
  context,
  actor,
}: Pick<AdminRequest, "context" | "actor">): Promise<{ body: { brakes: BrakeView[] } }> {
  const now = context.clock.now();
  const newest = await readBrakes(context.db, HISTORY_MAX);
  // A brake without an end stays listed, regardless of the number of later ones.
  const older = (await brakesOn(context.db, new Date(now))).filter((row) => !newest.some(({ id }) => id === row.id));
  const rows = await ownBrakes({ context, actor }, [...newest, ...older]);
  const view = await viewOf(
    context,
    rows.map((row) => row.id),
    now,
  );
  const known = await namesIn(context, rows);
  return { body: { brakes: rows.map((row) => ({ ...view(row), ...namesFor(row, known) })) } };
}

/** Brakes with their refusal counts. `ids`: the brakes to show. */
async function viewOf({ db }: ConsoleContext, ids: readonly string[], now: number) {
  const [refused, observed] = await Promise.all([refusedByBrakes(db, ids), observedByBrakes(db, ids)]);
  return (row: BrakeRow): BrakeView => ({
    ...shownBrake(row, now),
    refused: refused.get(row.id) ?? 0,
    observed: observed.get(row.id) ?? 0,
  });
}

/** Brakes in force, without refusal counts. Called twice per second. */
export async function brakesNow(context: ConsoleContext): Promise<BrakeState[]> {
  const now = context.clock.now();
  const rows = await brakesOn(context.db, new Date(now));
  const known = await namesIn(context, rows);
  return rows.map((row) => ({ ...shownBrake(row, now), ...namesFor(row, known) }));
}

function namesIn({ db }: ConsoleContext, rows: readonly BrakeRow[]) {
  const named = (member: "tenant" | "key") => rows.flatMap(({ scope }) => scope[member] ?? []);
  return namesOf(db, { tenants: named("tenant"), keys: named("key") });
}

export type BrakeView = BrakeState & {
  /** refused calls within the ledger's retention */
  readonly refused: number;
  /** calls that an observe brake would have refused */
  readonly observed: number;
};

async function checkScope(context: ConsoleContext, scope: BrakeScope): Promise<void> {
  refuseUnknown(context.policy.snapshot, scope);
  if (scope.key !== undefined && (await findKey(context.db, scope.key)) === null) throw unknownName("key", scope.key);
}
