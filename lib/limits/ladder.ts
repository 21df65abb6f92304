/** What a call may be reduced to before it is refused. */
export type Ladder = {
  /** the least `max_tokens` a call may be trimmed to; null = calls are not trimmed */
  readonly trimTo: number | null;
  /** slugs of cheaper models, in order of preference */
  readonly models: readonly string[];
  /** from this used share of a budget on, calls begin with the cheaper models; null = never */
  readonly fromBudgetShare: number | null;
  /** what is held for the output: all that is allowed, or what such calls have used lately */
  readonly reserve: "worst" | "learned";
};

export const NO_LADDER: Ladder = { trimTo: null, models: [], fromBudgetShare: null, reserve: "worst" };

/**
 * Output caps to try after `asked`, largest first: halves of it down to `trimTo`. A few steps and not the exact rest, as
 * all of them are decided in one request to the store.
 */
export function trimSteps(asked: number, trimTo: number | null): number[] {
  if (trimTo === null) return [];
  const steps: number[] = [];
  for (let step = Math.floor(asked / 2); step > trimTo && steps.length < STEPS_MAX - 1; step = Math.floor(step / 2)) {
    steps.push(step);
  }
  return asked > trimTo ? [...steps, trimTo] : [];
}

const STEPS_MAX = 4;

/**
 * Output tokens to hold for a call that may use up to `most`, from the lengths of recent answers like it: a high quantile
 * and a margin. Too few answers tell nothing: then all of it is held. What is used beyond becomes debt.
 */
export function learnedReserve(recent: readonly number[], most: number): number {
  if (recent.length < SAMPLES_MIN) return most;
  const sorted = [...recent].sort((left, right) => left - right);
  const high = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * QUANTILE) - 1)] ?? most;
  return Math.max(1, Math.min(most, Math.ceil(high * MARGIN)));
}

const SAMPLES_MIN = 20;
const QUANTILE = 0.95;
const MARGIN = 1.1;
