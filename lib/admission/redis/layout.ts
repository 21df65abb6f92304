import { createHash } from "node:crypto";
import { isLayered } from "@/lib/limits/algorithms/registry";
import type { AppliedLimit, Plan } from "@/lib/limits/plan";
import type { Dimension } from "@/lib/limits/rules/dimensions";
import { ALGORITHMS, type AlgorithmName, type Rule } from "@/lib/limits/rules/rule";
import type { StoreKeys } from "../keys";
import { FORM } from "./scripts/layers.lua";

/**
 * Plans laid out for the scripts: keys, slots of each subject, numbers. Candidates of one call share most of their
 * checks; each slot appears once, with a cost per plan (0 = not in it).
 */
export type Layout = {
  readonly subjectKeys: readonly string[];
  readonly leaseKeys: readonly string[];
  /** Policy text for the scripts: counts, slots, leases; then the numbers that a script of the shape needs. */
  readonly policy: string;
  readonly dimensions: readonly Dimension[];
  /** which slots keep their reservation, as in `Check` */
  readonly kept: readonly boolean[];
  readonly slots: number;
  readonly shape: Shape;
};

/**
 * Subjects with their slots, and the number of leases: the layout of the counters. Policies that differ only in numbers
 * have one shape. `groups`: for each slot, then each lease, the number of its cost, from 0; empty: each has its own.
 */
export type Shape = {
  readonly subjects: readonly (readonly SlotShape[])[];
  readonly leases: number;
  readonly groups: readonly number[];
};
export type SlotShape = {
  readonly id: number;
  readonly algorithm: AlgorithmName;
  readonly saves: boolean;
  readonly isLayered: boolean;
};

/** The place of each check of a plan: slots first, in key order, then leases. */
export type Laid = { readonly layout: Layout; readonly positions: ReadonlyMap<string, number> };

export function layOut(checks: readonly AppliedLimit[], keys: StoreKeys): Laid {
  const subjects = new Map<string, AppliedLimit[]>();
  const leases: AppliedLimit[] = [];
  const seen = new Set<string>();
  for (const check of checks) {
    if (seen.size === seen.add(check.counter).size) continue;
    if (check.rule.algorithm === "concurrency") {
      leases.push(check);
      continue;
    }
    const slots = subjects.get(check.subject);
    if (slots === undefined) subjects.set(check.subject, [check]);
    else slots.push(check);
  }
  const ordered = [...subjects.values()].flat();
  const numbers = [
    ...[...subjects.values()].map((slots) => slots.length),
    ...ordered.flatMap(numbersOf),
    ...leases.flatMap((lease) => [lease.rule.capacity, lease.observe ? 1 : 0]),
    // Again without what a script of the shape knows: skipping a number costs as much as reading it.
    ...ordered.flatMap(amountsOf),
    ...leases.map((lease) => lease.rule.capacity),
  ];
  return {
    positions: new Map([...ordered, ...leases].map((check, position) => [check.counter, position])),
    layout: {
      subjectKeys: [...subjects.keys()].map((subject) => keys.subject("c", subject)),
      leaseKeys: leases.map((lease) => keys.subject("l", lease.subject, lease.slotId)),
      // Empty text would mean "use the stored one".
      policy: numbers.join(",") || "0",
      dimensions: ordered.map((check) => check.dimension),
      kept: ordered.map((check) => check.isKept === true),
      slots: ordered.length,
      shape: { subjects: [...subjects.values()].map((slots) => slots.map(shapeOf)), leases: leases.length, groups: [] },
    },
  };
}

/** The place of each of these checks. */
export function placesIn({ positions }: Laid, checks: readonly AppliedLimit[]): number[] {
  return checks.map(({ counter }) => positions.get(counter) ?? 0);
}

/** Costs of every plan over the laid-out slots and leases. */
export function costsOf(plans: readonly Plan[], { layout, positions }: Laid): number[] {
  const width = layout.slots + layout.leaseKeys.length;
  const costs = new Array<number>(plans.length * width).fill(0);
  for (const [index, plan] of plans.entries()) {
    for (const check of plan.checks) costs[index * width + (positions.get(check.counter) ?? 0)] = check.cost;
  }
  return costs;
}

/**
 * One cost for all counters of a dimension that are in the same plans. This works when the counters cost the same in
 * each plan; null when they do not.
 */
export function groupedCosts(
  costs: readonly number[],
  { layout }: Laid,
): { groups: readonly number[]; costs: readonly number[] } | null {
  const width = layout.slots + layout.leaseKeys.length;
  const rows = Array.from({ length: costs.length / width }, (_, row) => costs.slice(row * width, (row + 1) * width));
  const numbers = new Map<string, number>();
  const groups = Array.from({ length: width }, (_, position) => {
    const members = rows.map((row) => (row[position] === 0 ? "0" : "1")).join("");
    const name = `${layout.dimensions[position] ?? "concurrency"} ${layout.kept[position] ?? false} ${members}`;
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  });
  const firsts = Array.from({ length: numbers.size }, (_, number) => groups.indexOf(number));
  const isSame = rows.every((row) => groups.every((number, position) => row[position] === row[firsts[number] ?? 0]));
  return isSame ? { groups, costs: rows.flatMap((row) => firsts.map((position) => row[position] ?? 0)) } : null;
}

/** Names a policy's numbers in the store. */
export function policyHash(policy: string): string {
  return createHash("sha1").update(policy).digest("base64url").slice(0, 16);
}

/** Id of a slot inside its subject: 21 bits of its name. */
export function slotNumber({ slotId }: Pick<AppliedLimit, "slotId">): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < slotId.length; at++) {
    hash ^= slotId.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) % FORM;
}

/** The scripts' number for a slot's algorithm. */
function algorithmNumber({ rule, dimension }: AppliedLimit): number {
  if (rule.algorithm === "token_bucket" && !isLayered(rule.algorithm, dimension)) return -1;
  return ALGORITHMS.indexOf(rule.algorithm);
}

function shapeOf(check: AppliedLimit): SlotShape {
  const { algorithm, credit } = check.rule;
  return { id: slotNumber(check), algorithm, saves: credit > 0, isLayered: isLayered(algorithm, check.dimension) };
}

function numbersOf(check: AppliedLimit): number[] {
  const { rule } = check;
  return [slotNumber(check), algorithmNumber(check), rule.capacity, ...paramsOf(rule), kindOf(check)];
}

/** 0: a limit. 1: it only observes. 2: a part of a counter; it refuses, and its level is not cut to the capacity. */
function kindOf({ observe, isPart }: AppliedLimit): number {
  if (observe) return 1;
  return isPart === true ? 2 : 0;
}

function paramsOf({ bounds, refill, periodMs, credit }: Rule): readonly [number, number, number] {
  return bounds === null ? [refill, periodMs, credit] : [bounds.startMs, bounds.endMs, bounds.nextEndMs];
}

/** Without credit to save, the credit is left out. */
function amountsOf({ rule }: AppliedLimit): number[] {
  const [x, y, z] = paramsOf(rule);
  return rule.algorithm === "token_bucket" && rule.credit === 0 ? [rule.capacity, x, y] : [rule.capacity, x, y, z];
}
