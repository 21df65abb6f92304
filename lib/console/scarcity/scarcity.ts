import { z } from "zod";
import { PAST, pastCalls } from "@/db/queries/books/past-rows";
import { livingQueues, readSetting, writeSetting } from "@/db/queries/fleet/instances";
import { DAY_MS } from "@/lib/clock";
import { asPriority, PRIORITIES, USUAL_PRIORITY } from "@/lib/limits/rules/priority";
import { weightOf } from "@/lib/scarcity/order/constants";
import {
  type QueueVitals,
  queueVitalsShape,
  SCARCITY_DEFAULTS,
  SCARCITY_SETTING,
  type ScarcitySettings,
  scarcityOf,
  scarcityShape,
} from "@/lib/scarcity/settings";
import { busiestMinute, type ClassFared, faredUnder } from "@/lib/scarcity/simulation/replay";
import type { Arrival } from "@/lib/scarcity/simulation/world";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import type { ScarcityReplay, ScarcityView } from "./answers";

const TENANTS_SHOWN = 100;

/** GET /api/admin/scarcity: waiting calls in all processes, what is shed and why, and the constants in force. */
export async function readScarcity({ context }: AdminRequest) {
  const settings = scarcityOf(await readSetting(context.db, SCARCITY_SETTING));
  const seen = (await livingQueues(context.db)).flatMap(({ queue }) => queueVitalsShape.safeParse(queue).data ?? []);
  const most = seen.reduce<QueueVitals | null>(
    (one, two) => (one === null || two.pressure > one.pressure ? two : one),
    null,
  );
  const listed = seen.flatMap(({ waiting }) => waiting);
  const nameOf = (tenantId: string) => context.policy.snapshot.tenants.get(tenantId)?.slug ?? tenantId;
  const tenants = new Map<string, ScarcityView["tenants"][number]>();
  for (const { tenantId, priority, calls, oldestMs } of listed) {
    const known = tenants.get(`${tenantId} ${priority}`) ?? {
      tenant: nameOf(tenantId),
      priority,
      calls: 0,
      oldestMs: 0,
    };
    const added = { ...known, calls: known.calls + calls, oldestMs: Math.max(known.oldestMs, oldestMs) };
    tenants.set(`${tenantId} ${priority}`, added);
  }
  const longest = [...tenants.values()].sort((one, two) => two.oldestMs - one.oldestMs);
  const view: ScarcityView = {
    settings,
    defaults: SCARCITY_DEFAULTS,
    pressure: most?.pressure ?? 0,
    pressedBy: most?.by ?? "",
    classes: PRIORITIES.map((priority) => {
      const own = listed.filter((one) => one.priority === priority);
      const shed = seen.flatMap((one) => one.shed.filter((of) => of.priority === priority));
      return {
        priority,
        waiting: own.reduce((sum, { calls }) => sum + calls, 0),
        oldestMs: Math.max(0, ...own.map(({ oldestMs }) => oldestMs)),
        bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
        shedShare: Math.max(0, ...shed.map(({ share }) => share)),
        isShut: seen.some(({ shut }) => shut.includes(priority)),
        shedCalls: shed.reduce((sum, { calls }) => sum + calls, 0),
      };
    }),
    tenants: longest.slice(0, TENANTS_SHOWN),
    more:
      seen.reduce((sum, { more }) => sum + more, 0) +
      longest.slice(TENANTS_SHOWN).reduce((sum, { calls }) => sum + calls, 0),
  };
  return { body: view };
}

export const scarcityInput = z.strictObject({
  settings: scarcityShape,
  reason: z.string().trim().min(1).max(500),
});

/** PUT /api/admin/scarcity: from the next waiting call on, in every process. */
export async function putScarcity({ context, actor, input }: AdminRequest<typeof scarcityInput>) {
  const { settings, reason } = input;
  await change(context, actor, async (tx) => {
    const before = scarcityOf(await readSetting(tx, SCARCITY_SETTING));
    await writeSetting(tx, SCARCITY_SETTING, JSON.stringify(settings));
    return { result: null, change: { action: "scarcity.edit", target: "queue", before, after: settings, reason } };
  });
  return { body: { settings } };
}

export const scarcityReplayInput = z.strictObject({
  settings: scarcityShape,
  /** share of the cost of the last day's busiest minute: the capacity of each replayed minute */
  percent: z.number().min(1).max(1000).default(50),
});

/** The latest calls of the last day: enough for its shape, few enough to take seconds. */
const CALLS_MAX = 5000;

/** POST /api/admin/scarcity/replay: the last day's calls in the queue, under current and drafted constants. No changes. */
export async function replayScarcity({ context, input }: AdminRequest<typeof scarcityReplayInput>) {
  const since = new Date(context.clock.now() - DAY_MS);
  const current = scarcityOf(await readSetting(context.db, SCARCITY_SETTING));
  const past = await pastCalls(context.db, {
    tenantIds: [...context.policy.snapshot.tenants.keys()],
    since,
    most: CALLS_MAX,
  });
  const rows = past.map((row) => ({
    at: row[PAST.beganAt],
    tenantId: row[PAST.tenantId],
    runMs: row[PAST.endedAt] - row[PAST.beganAt],
    priority: asPriority(row[PAST.priority]) ?? USUAL_PRIORITY,
    cost: Math.max(1, row[PAST.costMicroUsd]),
  }));
  const first = rows[0]?.at ?? 0;
  const arrivalsBy = (settings: ScarcitySettings): Arrival[] =>
    rows.map((row) => ({ ...row, at: row.at - first, weight: weightIn(context, settings, row.tenantId) }));
  const busiest = busiestMinute(arrivalsBy(current));
  const perMinute = (busiest * input.percent) / 100;
  const under = (settings: ScarcitySettings) =>
    withRests(faredUnder(settings.queue, { arrivals: arrivalsBy(settings), perMinute }));
  const body: ScarcityReplay = {
    calls: rows.length,
    since: since.toISOString(),
    busiestMinuteMicroUsd: busiest,
    perMinuteMicroUsd: Math.round(perMinute),
    now: [...(await under(current))],
    draft: [...(await under(input.settings))],
  };
  return { body };
}

function weightIn(context: ConsoleContext, { queue }: ScarcitySettings, tenantId: string): number {
  const { tenants, tiers } = context.policy.snapshot;
  const tierId = tenants.get(tenantId)?.tierId ?? "";
  return weightOf(queue, tiers.get(tierId)?.position ?? 0);
}

/** Lets other requests of this process run between the slices of a long calculation. */
async function withRests(work: Generator<void, readonly ClassFared[]>): Promise<readonly ClassFared[]> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
