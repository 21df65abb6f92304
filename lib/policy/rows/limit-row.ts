import { z } from "zod";
import { FAILURE_MODES } from "@/lib/limits/plan";
import { DIMENSIONS } from "@/lib/limits/rules/dimensions";
import { LAYERS, LAYERS_OF, type Layer, type Owner } from "@/lib/limits/rules/layers";
import { PRIORITIES } from "@/lib/limits/rules/priority";
import { ALGORITHMS } from "@/lib/limits/rules/rule";
import { TAG_MEANT, tagMeant } from "@/lib/limits/rules/tags";
import { isTimeZone } from "../calendar";
import { CALENDAR_PERIODS } from "../calendar-period";
import { LIMIT_NAME, LIMIT_NAME_MEANT, UNITS_MAX, WINDOW_SECONDS_MAX } from "./limit-bounds";

/** The reaction when a limit is used up, after the tier's ladder. `degrade` is an older word for refuse. */
export const ON_EXCEED = ["refuse", "degrade", "queue"] as const;

const units = z.number().int().min(0).max(UNITS_MAX);

/** Message for clients that still send the removed `strict` switch of token buckets. */
const STRICT_IS_GONE =
  'strict is gone: use the algorithm "sliding_window", which never admits more than its capacity in any window';

/** One limit, as operators write it and as stored. Cross-field rules: `limitFaults`. */
export const limitRow = z.strictObject(
  {
    name: z
      .string()
      .regex(LIMIT_NAME, LIMIT_NAME_MEANT)
      .meta({ description: "Stable name, unique in its tier; counters and overrides refer to it" }),
    layer: z.enum(LAYERS),
    dimension: z.enum(DIMENSIONS),
    algorithm: z.enum(ALGORITHMS),
    capacity: units,
    refill: units.nullable().default(null),
    windowSeconds: z.number().int().min(1).max(WINDOW_SECONDS_MAX).nullable().default(null),
    calendarPeriod: z.enum(CALENDAR_PERIODS).nullable().default(null),
    timeZone: z.string().max(64).nullable().default(null),
    burstCredit: units.nullable().default(null),
    match: z
      .strictObject({
        model: z.string().optional(),
        provider: z.string().optional(),
        endpoint: z.string().optional(),
        priority: z.enum(PRIORITIES).optional(),
        tag: z.string().max(200).optional(),
      })
      .default({}),
    onExceed: z.enum(ON_EXCEED).default("refuse"),
    observe: z.boolean().default(false),
    failureMode: z.enum(FAILURE_MODES).default("local"),
  },
  {
    error: (issue) =>
      issue.code === "unrecognized_keys" && issue.keys.includes("strict") ? STRICT_IS_GONE : undefined,
  },
);

export type LimitRow = z.infer<typeof limitRow>;

/**
 * A limit from stored JSON of any age. A strict token bucket promised "never more than its capacity in any window": that
 * is a sliding window now. For `z.preprocess`; what is not an object passes as it is.
 */
export function withoutStrict(stored: unknown): unknown {
  if (typeof stored !== "object" || stored === null || !("strict" in stored)) return stored;
  const { strict, ...rest } = stored;
  return strict === true ? { ...rest, algorithm: "sliding_window", refill: null, burstCredit: null } : rest;
}

/** Faults of one limit, in words for the operator; empty = valid. */
export function limitFaults(row: LimitRow, owner: Owner): string[] {
  const faults: string[] = [];
  const say = (condition: boolean, text: string) => void (condition && faults.push(`${row.name}: ${text}`));
  const isCalendar = row.algorithm === "calendar_window";
  const isLease = row.algorithm === "concurrency";
  say(
    (row.dimension === "concurrency") !== isLease,
    "concurrency is counted by the concurrency algorithm, and only by it",
  );
  say(!isCalendar && !isLease && row.windowSeconds === null, `${row.algorithm} needs windowSeconds`);
  say((isCalendar || isLease) && row.windowSeconds !== null, `${row.algorithm} takes no windowSeconds`);
  say(isCalendar && row.calendarPeriod === null, "calendar_window needs calendarPeriod: day, week or month");
  say(!isCalendar && row.calendarPeriod !== null, `${row.algorithm} takes no calendarPeriod`);
  say(row.timeZone !== null && !isTimeZone(row.timeZone), `"${row.timeZone}" is not a time zone`);
  say(row.refill !== null && row.algorithm !== "token_bucket", `${row.algorithm} takes no refill`);
  say(row.refill === 0, "refill must be at least 1");
  say(row.burstCredit !== null && row.algorithm !== "token_bucket", `${row.algorithm} takes no burstCredit`);
  say(
    !isUnits(row.capacity) || (row.refill !== null && !isUnits(row.refill)),
    `numbers are whole, from 0 to ${UNITS_MAX}`,
  );
  const { tag } = row.match;
  say(
    row.layer === "tag" && (tag === undefined || tagMeant(tag) === null),
    `a limit of layer tag names its tag in match.tag: ${TAG_MEANT}`,
  );
  say(row.layer !== "tag" && tag !== undefined, "match.tag is for the layer tag");
  say(!LAYERS_OF[owner].includes(row.layer), layerFault(row.layer, owner));
  return faults;
}

function layerFault(layer: Layer, owner: Owner): string {
  if (owner === "key") return "a key's own limits are of the layers ip, user, key, session, agent and tag";
  if (owner === "everyone") return `a limit for everyone is of the layers global, provider, model and ip, not ${layer}`;
  return `a limit of layer ${layer} belongs to everyone: its counter is one for all tenants (PUT /api/admin/everyone)`;
}

function isUnits(number: number): boolean {
  return Number.isInteger(number) && number >= 0 && number <= UNITS_MAX;
}

/** Faults of a whole set of one owner: each limit's own, and names used twice. */
export function limitSetFaults(rows: readonly LimitRow[], owner: Owner): string[] {
  const names = new Set<string>();
  const twice = rows
    .filter((row) => names.size === names.add(row.name).size)
    .map((row) => `${row.name}: name used twice`);
  return [...rows.flatMap((row) => limitFaults(row, owner)), ...twice];
}
