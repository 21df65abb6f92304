/** How urgent a call is, the most urgent first. */
export const PRIORITIES = ["interactive", "standard", "batch", "background"] as const;
export type Priority = (typeof PRIORITIES)[number];

/** The priority of a call that names none. */
export const USUAL_PRIORITY: Priority = "standard";

/** 0 is the most urgent. */
export function rankOf(priority: Priority): number {
  return PRIORITIES.indexOf(priority);
}

/** Whether a call is no more urgent than `bound`. */
export function isAtMost(priority: Priority, bound: Priority): boolean {
  return rankOf(priority) >= rankOf(bound);
}

/** The priority of this name; null when there is none. */
export function asPriority(text: string): Priority | null {
  return PRIORITIES.find((one) => one === text) ?? null;
}

/** The priority of a call: the requested one, or the default, and never above `most`. */
export function priorityFor(asked: Priority | null, most: Priority): Priority {
  const wanted = asked ?? USUAL_PRIORITY;
  return isAtMost(wanted, most) ? wanted : most;
}
