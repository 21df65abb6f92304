import { z } from "zod";
import { readInstances } from "@/db/queries/money/usage";
import { insertBrake, liftBrake } from "@/db/queries/operators/brakes";
import { change } from "../kernel/change";
import type { AdminRequest } from "../kernel/door";
import { brakeId } from "./brake-input";

export const drillInput = z.strictObject({ reason: z.string().trim().min(1).max(500).default("a drill") });

/** No key has this name, so the brake matches no call. */
const NOBODY = "drill";
const LOOK_EVERY_MS = 20;
const GIVE_UP_MS = 10_000;

/** Time until each living process enforced a brake; null = not within the timeout. */
export type DrillView = {
  readonly at: string;
  readonly processes: readonly { readonly id: string; readonly tookMs: number | null }[];
  /** the slowest time; null if a process timed out */
  readonly slowestMs: number | null;
};

/**
 * POST /api/admin/brakes/drill: sets a brake on a key that does not exist, waits until every living process enforces
 * it, and lifts it. It uses the same path as a real brake. The result is stored with the brake.
 */
export async function drill({ context, actor, input }: AdminRequest<typeof drillInput>) {
  const { reason } = input;
  const now = context.clock.now();
  const id = brakeId();
  const began = performance.now();
  await change(context, actor, async (tx) => {
    const dates = { createdAt: new Date(now), expiresAt: new Date(now + 60_000) };
    const scope = { key: NOBODY };
    await insertBrake(tx, { id, scope, mode: "block", reason, publicMessage: null, createdBy: actor.name, ...dates });
    return { result: null, change: { action: "brakes.drill", target: id, before: null, after: { scope }, reason } };
  });
  const version = context.policy.snapshot.version;
  const took = new Map<string, number>();
  let alive: string[] = [];
  for (;;) {
    const rows = (await readInstances(context.db)).filter((row) => row.alive);
    const passed = performance.now() - began;
    alive = rows.map((row) => row.id);
    for (const row of rows)
      if (row.policyVersion >= version && !took.has(row.id)) took.set(row.id, row.tookMs ?? Math.round(passed));
    if (alive.every((one) => took.has(one)) || passed > GIVE_UP_MS) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  const processes = alive.map((one) => ({ id: one, tookMs: took.get(one) ?? null }));
  const isAll = processes.every((one) => one.tookMs !== null);
  const slowestMs = isAll ? Math.max(0, ...processes.map((one) => one.tookMs ?? 0)) : null;
  const view: DrillView = { at: new Date(now).toISOString(), processes, slowestMs };
  // It matched nobody, so its end need not be published. The measured times stay stored with it.
  const names = processes.length === 1 ? "process" : "processes";
  const said = `drill: ${took.size} of ${processes.length} ${names}, slowest after ${slowestMs ?? GIVE_UP_MS} ms`;
  await liftBrake(context.db, id, { by: actor.name, at: new Date(context.clock.now()), reason: said }, null);
  return { status: 201, body: view };
}
