/** The action when this much of a budget is used. */
export type Threshold = { readonly percent: number; readonly action: "alert" | "degrade" | "queue" | "refuse" };

export const ACTIONS = ["alert", "degrade", "queue", "refuse"] as const;
export const ACTION_WORDS: Readonly<Record<Threshold["action"], string>> = {
  alert: "alert",
  degrade: "degrade",
  queue: "queue",
  refuse: "refuse",
};

export const STEPS_MAX = 10;
/** A budget's default. */
export const USUAL_STEPS: readonly Threshold[] = [
  { percent: 50, action: "alert" },
  { percent: 80, action: "alert" },
  { percent: 95, action: "degrade" },
  { percent: 100, action: "refuse" },
];

/** In the API's form: percents ascend. */
export function inOrder(steps: readonly Threshold[]): Threshold[] {
  return steps.map(({ percent, action }) => ({ percent, action })).sort((one, other) => one.percent - other.percent);
}

/** Why these steps cannot be saved; null = they are valid. */
export function stepsFault(steps: readonly Threshold[]): string | null {
  const percents = steps.map(({ percent }) => percent);
  if (percents.some((percent) => !(percent > 0))) return "Each threshold needs a percentage above 0.";
  if (new Set(percents).size < percents.length) return "Two thresholds have the same percentage.";
  const twice = ACTIONS.find((one) => one !== "alert" && steps.filter(({ action }) => action === one).length > 1);
  return twice === undefined ? null : `Only one threshold may ${ACTION_WORDS[twice]}.`;
}

/** One more step above the others, which notifies. */
export function withNext(steps: readonly Threshold[]): Threshold[] {
  const last = Math.max(0, ...steps.map(({ percent }) => percent));
  return [...steps, { percent: last < 90 ? last + 10 : last + 1, action: "alert" }];
}
