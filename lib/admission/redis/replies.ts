import { StoreUnavailable } from "@/lib/errors";
import { type CheckState, LEVEL_PARTS, LEVEL_WHOLE_FROM, stateFrom } from "@/lib/limits/decide";
import type { Check, Plan } from "@/lib/limits/plan";
import type { AdmitReply, AdmitRequest } from "../admission";
import type { Shape } from "./layout";
import type { Prepared } from "./prepared";

/** Translates the admission script's reply for the port. Throws on any other reply. */
export function readAdmission(reply: string, request: AdmitRequest, prepared: Prepared): AdmitReply {
  const [kind, time = "", ...rest] = reply.split(",");
  const now = Number(time);
  switch (kind) {
    case "A": {
      const planIndex = Number(rest[0]) - 1;
      return {
        kind: "admit",
        now,
        planIndex,
        states: statesOf(request.plans[planIndex], rest[1] ?? "", prepared, now),
      };
    }
    case "D": {
      const [plan, wait, told, numbers = ""] = rest;
      const planIndex = Number(plan) - 1;
      const states = statesOf(request.plans[planIndex], numbers, prepared, now);
      return { kind: "deny", planIndex, states, now, retryAfterMs: Number(wait), toldMs: Number(told) };
    }
    case "K":
      return { kind: "braked", now, brakeId: request.brake?.id ?? "" };
    case "S":
      return { kind: "finished", now };
    case "F":
      return { kind: "stale", isEmptied: true };
    case "C":
    case "V":
      return { kind: "stale" };
    default:
      throw new StoreUnavailable("the store gave an answer that is none of the script's");
  }
}

function statesOf(plan: Plan | undefined, numbers: string, { held, placesOf }: Prepared, now: number): CheckState[] {
  if (plan === undefined) throw new StoreUnavailable("the store names a plan that was not offered");
  return readStates(plan.checks, numbers, { shape: held.shape, places: placesOf(plan.checks) }, now);
}

/**
 * Checks with the numbers that the scripts write: levels;waits;rests. Levels and waits stand per slot, then per lease;
 * without waits, everything fits. Only sliding windows have rests.
 */
export function readStates(
  checks: readonly Check[],
  numbers: string,
  { shape, places }: { readonly shape: Shape; readonly places: readonly number[] },
  now: number,
): CheckState[] {
  const [levels = [], waits = [], rests = []] = numbers
    .split(";")
    .map((part) => (part === "" ? [] : part.split(":").map(Number)));
  const slots = slotsOf(shape);
  const restAt = rests.length === 0 ? [] : restsBySlot(shape, rests);
  return checks.map((check, index) => {
    const position = places[index] ?? 0;
    const told = levels[position] ?? 0;
    const isParts = position < slots && check.rule.capacity < LEVEL_WHOLE_FROM;
    const rest = restAt[position];
    const level = isParts ? told / LEVEL_PARTS : told;
    const wait = waits[position] ?? 0;
    return stateFrom(check, rest === undefined ? { level, wait } : { level, wait, rest }, now);
  });
}

function slotsOf({ subjects }: Shape): number {
  let slots = 0;
  for (const subject of subjects) slots += subject.length;
  return slots;
}

function restsBySlot({ subjects }: Shape, rests: readonly number[]): (number | undefined)[] {
  let sliding = 0;
  return subjects.flat().map(({ algorithm }) => (algorithm === "sliding_window" ? rests[sliding++] : undefined));
}

/** Reads a publication's reply: a tick that all known flags have reached, the latest tick, and unknown tenants, from 0. */
export function readPublished(reply: string): Published {
  const [ticks = "", indexes = ""] = reply.slice(1).split(";");
  const [tick = 0, latest = 0, newest = 0] = ticks.split(",").map(Number);
  const unknown = indexes.split(",").flatMap((index) => (index === "" ? [] : Number(index) - 1));
  return { tick, latest, newest, unknown };
}

type Published = {
  readonly tick: number;
  readonly latest: number;
  /** the newest policy version that the store knows for these tenants */
  readonly newest: number;
  readonly unknown: number[];
};
