/** Steps that reduce a call before it is refused. */
export type Ladder = {
  /** the smallest `max_tokens` after trimming; null = no trimming */
  readonly trimTo: number | null;
  /** slugs of cheaper models, in order of preference */
  readonly models: readonly string[];
  /** used share of a budget from which calls start with the cheaper models; null = never */
  readonly fromBudgetShare: number | null;
  /** reservation for the output: the maximum, or recent usage of similar calls */
  readonly reserve: "worst" | "learned";
  /** a call that still does not fit waits in the queue; false = as each limit says */
  readonly waits: boolean;
};

export const NO_LADDER: Ladder = { trimTo: null, models: [], fromBudgetShare: null, reserve: "worst", waits: false };

/**
 * Output caps to try when `fitting` no longer fits: halves of it down to `least`, largest first. A few steps instead of
 * the exact rest, because one request to the store decides all of them.
 */
export function trimSteps(fitting: number, least: number): number[] {
  const steps: number[] = [];
  for (let step = Math.floor(fitting / 2); step > least && steps.length < STEPS_MAX - 1; step = Math.floor(step / 2)) {
    steps.push(step);
  }
  return fitting > least ? [...steps, least] : [];
}

const STEPS_MAX = 4;

/**
 * Output tokens to reserve for one more call that may use up to `most`, from the lengths of recent similar answers,
 * while `running` such calls run. All reservations together are the 95th percentile of what all of them will use: a
 * lone call reserves much more than the usual answer, each further one little more than the mean, as lengths even out.
 * With too few answers the maximum is reserved. Usage beyond the reservation becomes debt.
 */
export function learnedReserve(recent: readonly number[], most: number, running: number): number {
  const count = recent.length;
  if (count < SAMPLES_MIN) return most;
  const mean = recent.reduce((sum, length) => sum + length, 0) / count;
  const variance = recent.reduce((sum, length) => sum + (length - mean) ** 2, 0) / (count - 1);
  const share = Math.sqrt(running + 1) - Math.sqrt(running);
  return Math.max(1, Math.min(most, Math.ceil(mean + DEVIATIONS * Math.sqrt(variance) * share)));
}

/**
 * Input tokens to reserve for a call with this estimate, from the billed tokens of similar recent calls per thousand
 * estimated ones. At most 5 of 100 calls use more, if the next call is like the last ones: of n ratios the one at place
 * 0.95 (n + 1) is taken (distribution-free, order statistics). Between a tenth and twice the estimate, as no measured
 * text is further off. With too few calls the estimate itself is reserved.
 */
export function learnedInput(perMille: readonly number[], estimate: number): number {
  const ratio = upperRatio(perMille);
  return ratio === null ? estimate : Math.ceil((estimate * ratio) / 1000);
}

/** The 95th percentile of the ratios, in thousandths; null when there are too few. */
export function upperRatio(perMille: readonly number[]): number | null {
  const count = perMille.length;
  if (count < SAMPLES_MIN) return null;
  const place = Math.min(count, Math.ceil(COVERED * (count + 1)));
  const upper = perMille.toSorted((left, right) => left - right)[place - 1] ?? 1000;
  return Math.min(RATIO.most, Math.max(RATIO.least, upper));
}

const COVERED = 0.95;
/** Thousandths of the estimate. */
const RATIO = { least: 100, most: 2000 };

const SAMPLES_MIN = 20;
/** Standard deviations from the mean to the 95th percentile. */
const DEVIATIONS = 1.65;
