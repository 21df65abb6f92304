import { z } from "zod";
import { DIMENSIONS } from "@/lib/limits/rules/dimensions";
import { ALGORITHMS } from "@/lib/limits/rules/rule";

/** What the in-process store keeps over a restart, as `MemoryFile` writes it. A new form gets a new version. */
export const DUMP_VERSION = 2;

const hold = z.object({
  counter: z.string(),
  dimension: z.enum(DIMENSIONS),
  rule: z.object({
    algorithm: z.enum(ALGORITHMS),
    capacity: z.number(),
    refill: z.number(),
    periodMs: z.number(),
    credit: z.number(),
    bounds: z.object({ startMs: z.number(), endMs: z.number(), nextEndMs: z.number() }).nullable(),
  }),
  reserved: z.number(),
  reservedAt: z.number(),
  isKept: z.literal(true).optional(),
});

export const memoryDump = z.object({
  version: z.literal(DUMP_VERSION),
  counters: z.array(
    z.object({
      key: z.string(),
      a: z.number(),
      b: z.number(),
      t: z.number(),
      marks: z.array(z.number()),
      idleAt: z.number(),
    }),
  ),
  reservations: z.array(
    z.object({
      requestId: z.string(),
      holds: z.array(hold),
      tenantId: z.string(),
      intent: z.string(),
      planIndex: z.number(),
      note: z.string(),
    }),
  ),
});

export type MemoryDump = z.infer<typeof memoryDump>;
