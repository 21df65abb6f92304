import { randomUUID } from "node:crypto";
import { z } from "zod";
import { lockEveryone, readEveryone, replaceEveryone } from "@/db/queries/limits/everyone";
import { PublicError } from "@/lib/errors";
import { limitRow, limitSetFaults } from "@/lib/policy/rows/limit-row";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { readableLimits } from "./stored-limits";

const LIMITS_MAX = 64;

export const everyoneInput = z.strictObject({
  /** the version that was read; 409 if another version is in force */
  version: z.number().int().min(1),
  limits: z.array(limitRow.extend({ id: z.string().max(64).optional() })).max(LIMITS_MAX),
  /** Accepted so the GET response can be sent back unchanged; ignored. */
  unreadable: z.unknown().optional(),
  comment: z.string().trim().max(500).optional(),
});

export type EveryoneView = Awaited<ReturnType<typeof everyoneView>>;

/** GET /api/admin/everyone: the limits that hold for all tenants together. */
export async function getEveryone({ context }: Pick<AdminRequest, "context">) {
  return { body: await everyoneView(context) };
}

/**
 * PUT /api/admin/everyone: replaces the limits for everyone, in force for the next call. A stale version gets 409 with
 * the current limits. Counters keep current usage.
 */
export async function putEveryone({ context, actor, input }: AdminRequest<typeof everyoneInput>) {
  const faults = limitSetFaults(input.limits, "everyone");
  if (faults.length > 0)
    throw new PublicError("invalid_value", faults.join("; "), { param: "limits", details: { faults } });
  const before = await everyoneView(context);
  const rows = input.limits.map(({ id, ...limit }, position) => {
    const known = before.limits.find((one) => one.id === id)?.id;
    return { ...limit, id: known ?? `lim_${randomUUID().slice(0, 18)}`, position };
  });
  await change(context, actor, async (tx) => {
    const version = await lockEveryone(tx);
    if (version !== input.version) {
      const message = `The limits for everyone are now at version ${version}; yours were read at version ${input.version}.`;
      throw new PublicError("conflict", message, { details: { current: await everyoneView(context) } });
    }
    await replaceEveryone(tx, rows);
    const after = { version: version + 1, limits: input.limits };
    const entry = { action: "everyone.publish", target: "everyone", before, after, reason: input.comment ?? null };
    return { result: null, change: entry };
  });
  return { body: await everyoneView(context) };
}

async function everyoneView(context: ConsoleContext) {
  const { version, limits } = await readEveryone(context.db);
  return {
    version,
    ...readableLimits(limits),
  };
}
