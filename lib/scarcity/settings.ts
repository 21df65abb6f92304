import { z } from "zod";
import { PRIORITIES } from "@/lib/limits/rules/priority";
import { QUEUE_CONSTANTS } from "./order/constants";
import { SHED_CONSTANTS } from "./shedding/pressure";

/** No caller holds a connection for longer than this. */
const WAIT_MS_MAX = 3_600_000;
const waitMs = z.number().int().min(0).max(WAIT_MS_MAX);
const count = z.number().int().min(1).max(100_000);
const weight = z.number().min(0.01).max(1000);

const queueShape = z.strictObject({
  ageingMs: z.number().int().min(1000).max(86_400_000),
  waitMs: z.strictObject({ interactive: waitMs, standard: waitMs, batch: waitMs, background: waitMs }),
  tenantCallsMax: count,
  classCallsMax: count,
  bytesMax: z.number().int().min(1_000_000).max(4_000_000_000),
  floorCalls: z.number().int().min(4).max(1_000_000),
  guessMicroUsd: z.number().int().min(0).max(10_000_000),
  weights: z.tuple([weight], weight),
});

const shedShape = z.strictObject({
  isOn: z.boolean(),
  loopDelayMs: z.number().min(1).max(60_000),
  callsShare: z.number().min(0.01).max(1),
  waitingCalls: count,
  from: z.number().min(1).max(100),
  halfLifeMs: z.number().int().min(1000).max(86_400_000),
});

/** The name under which they are stored. */
export const SCARCITY_SETTING = "scarcity";

/** Settings of the queue and of shedding that operators may change. */
export const scarcityShape = z.strictObject({ queue: queueShape, shed: shedShape });
export type ScarcitySettings = z.infer<typeof scarcityShape>;

export const SCARCITY_DEFAULTS: ScarcitySettings = {
  queue: { ...QUEUE_CONSTANTS, weights: [...QUEUE_CONSTANTS.weights] },
  shed: SHED_CONSTANTS,
};

/** The stored settings. What is missing or unreadable gets its default: a queue that stops helps nobody. */
export function scarcityOf(text: string | null): ScarcitySettings {
  if (text === null) return SCARCITY_DEFAULTS;
  try {
    return scarcityShape.safeParse(JSON.parse(text)).data ?? SCARCITY_DEFAULTS;
  } catch {
    // Edited by hand into text that is not JSON.
    return SCARCITY_DEFAULTS;
  }
}

/** What a process reports about its queue with each heartbeat. */
export const queueVitalsShape = z.object({
  version: z.literal(1),
  pressure: z.number(),
  by: z.string(),
  waiting: z.array(
    z.object({
      tenantId: z.string(),
      priority: z.enum(PRIORITIES),
      calls: z.number(),
      bytes: z.number(),
      oldestMs: z.number(),
    }),
  ),
  /** waiting calls beyond the listed ones */
  more: z.number(),
  shed: z.array(z.object({ priority: z.enum(PRIORITIES), share: z.number(), calls: z.number() })),
  /** classes that let in only a few calls, because more urgent ones give up for lateness */
  shut: z.array(z.enum(PRIORITIES)).default([]),
});
export type QueueVitals = z.infer<typeof queueVitalsShape>;
