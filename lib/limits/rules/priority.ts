/** How urgent a call is, the most urgent first. */
export const PRIORITIES = ["interactive", "standard", "batch", "background"] as const;
export type Priority = (typeof PRIORITIES)[number];

/** A call that does not say how urgent it is. */
export const USUAL_PRIORITY: Priority = "standard";

/** 0 is the most urgent. */
export function rankOf(priority: Priority): number {
  return PRIORITIES.indexOf(priority);
}

/** Whether a call is no more urgent than `bound`. */
export function isAtMost(priority: Priority, bound: Priority): boolean {
  return rankOf(priority) >= rankOf(bound);
}

/** The priority by its name; null when there is none of that name. */
export function asPriority(text: string): Priority | null {
  return PRIORITIES.find((one) => one === text) ?? null;
}

/** What a call gets that asks for one, or for none, with a key that allows at most `most`. */
export function priorityFor(asked: Priority | null, most: Priority): Priority {
  const wanted = asked ?? USUAL_PRIORITY;
  return isAtMost(wanted, most) ? wanted : most;
}
