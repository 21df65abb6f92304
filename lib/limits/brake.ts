import { isAtMost, type Priority } from "./rules/priority";

/** What a brake covers: AND over the members; an empty object is everything. */
export type BrakeScope = {
  readonly tenant?: string | undefined;
  /** a name, or a prefix before one trailing star */
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  readonly key?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly tier?: string | undefined;
  /** an end user of the tenant, as its callers name it */
  readonly user?: string | undefined;
  /** one run of an agent, and one agent, as callers name them */
  readonly session?: string | undefined;
  readonly agent?: string | undefined;
  /** one value of one tag: `repo=web` */
  readonly tag?: string | undefined;
  /** this priority and all that are less urgent */
  readonly priority?: Priority | undefined;
};

/**
 * block: new calls are refused, running ones finish. drain: running ones get a minute. cut: running ones end at once.
 * degrade: calls are served cheaper. observe: refuses nothing, and counts what it would refuse.
 */
export const BRAKE_MODES = ["block", "drain", "cut", "degrade", "observe"] as const;
export type BrakeMode = (typeof BRAKE_MODES)[number];

export type ActiveBrake = {
  readonly id: string;
  readonly scope: BrakeScope;
  readonly mode: BrakeMode;
  /** Epoch ms; null = until lifted. */
  readonly expiresAtMs: number | null;
  /** Epoch ms from which it is lifted evenly until it expires; null = it holds in full. */
  readonly rampFromMs: number | null;
};

/** The names of one call that scopes match: slugs, the key's public id, and names that callers give; empty = it has none. */
export type BrakeFacts = Readonly<Record<Exclude<keyof BrakeScope, "priority" | "tag">, string>> & {
  readonly priority: Priority;
  /** each as `name=value` */
  readonly tags: readonly string[];
};

/** The brake that refuses this call for the longest, or null. The store's clock decides whether it has expired. */
export function brakeOn(brakes: readonly ActiveBrake[], facts: BrakeFacts): ActiveBrake | null {
  const end = (brake: ActiveBrake) => brake.expiresAtMs ?? Number.POSITIVE_INFINITY;
  return brakes
    .filter((brake) => refuses(brake.mode) && covers(brake.scope, facts))
    .reduce<ActiveBrake | null>(
      (longest, brake) => (longest === null || end(brake) > end(longest) ? brake : longest),
      null,
    );
}

/**
 * The brakes that apply to a call. A brake that is being lifted applies to a share of calls that shrinks evenly to
 * nothing: those whose `roll` (0 to 1, fixed for the call) is above the share that passes by now.
 */
export function metBy<Brake extends ActiveBrake>(
  brakes: readonly Brake[],
  roll: number,
  now: number,
): readonly Brake[] {
  if (brakes.every((brake) => brake.rampFromMs === null)) return brakes;
  return brakes.filter((brake) => roll >= passedShare(brake, now));
}

/** The share of calls that a brake lets through by now, from 0 to 1. */
export function passedShare({ rampFromMs, expiresAtMs }: ActiveBrake, now: number): number {
  if (rampFromMs === null || expiresAtMs === null || now <= rampFromMs) return 0;
  return Math.min(1, (now - rampFromMs) / (expiresAtMs - rampFromMs));
}

export function isInForce(brake: ActiveBrake, now: number): boolean {
  return brake.expiresAtMs === null || now < brake.expiresAtMs;
}

export function covers(scope: BrakeScope, facts: BrakeFacts): boolean {
  return (
    EXACT.every((member) => scope[member] === undefined || scope[member] === facts[member]) &&
    (scope.model === undefined || isModelOf(scope.model, facts.model)) &&
    (scope.tag === undefined || facts.tags.includes(scope.tag)) &&
    (scope.priority === undefined || isAtMost(facts.priority, scope.priority))
  );
}

/** Members that match one name exactly. */
const EXACT = ["tenant", "provider", "key", "endpoint", "tier", "user", "session", "agent"] as const;
/** Members of a scope that are names; a priority covers several. */
export const SCOPE_NAMES = [...EXACT, "model", "tag"] as const;

/** Whether a scope's model name, or its prefix before a star, matches this model. */
export function isModelOf(scope: string, model: string): boolean {
  return scope.endsWith("*") ? model.startsWith(scope.slice(0, -1)) : model === scope;
}

function refuses(mode: BrakeMode): boolean {
  return mode === "block" || mode === "drain" || mode === "cut";
}
