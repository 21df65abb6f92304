import type { HeldPrice } from "@/lib/money/cost";
import { amountsOf } from "../cost";
import type { CheckState } from "../decide";
import type { AppliedLimit } from "../plan";
import { trimSteps } from "./ladder";
import { fits, largestOutput, type Room } from "./largest-output";

/** One way to serve a call, with its sizes. */
export type Way = {
  /** Its limits. */
  readonly limits: () => readonly AppliedLimit[];
  readonly inputTokens: number;
  readonly permits: number;
  /** Reserved output of all choices together, without trimming. */
  readonly outputTokens: number;
  readonly price: HeldPrice;
  readonly choices: number;
  /** Output cap per choice, without trimming. */
  readonly most: number;
  /** The smallest allowed cap per choice; `most` if trimming is not allowed. */
  readonly least: number;
};

/** A way with its offered output cap per choice. */
export type Offer<W extends Way = Way> = { readonly way: W; readonly each: number };

/** Units left of each counter, from a refusal. A missing counter is unknown. */
export type Left = ReadonlyMap<string, number>;

export function leftAfter(left: Left, states: readonly CheckState[]): Left {
  return new Map([...left, ...states.map(({ check, remaining }): [string, number] => [check.counter, remaining])]);
}

/**
 * The largest output cap per choice that fits the remaining units, at most the way's own; null if that is below its
 * minimum. An unknown counter counts as unused, so the result may be too large, never too small.
 */
export function fittingOutput(way: Way, left: Left): number | null {
  const rooms = way.limits().map((limit) => roomIn(limit, left));
  const { inputTokens, outputTokens, permits, price, choices, most, least } = way;
  const whole = amountsOf({ inputTokens, outputTokens, permits }, price);
  if (rooms.every((room) => fits(room, whole))) return most;
  const each = Math.floor((largestOutput(rooms, { inputTokens, outputTokens, permits, price }) ?? 0) / choices);
  return each > 0 && each >= least && least < most ? each : null;
}

function roomIn({ counter, dimension, observe, rule }: AppliedLimit, left: Left): Room {
  return { dimension, observe, remaining: left.get(counter) ?? rule.capacity + rule.credit };
}

/**
 * The next offers to the store: every way that fits the known remaining units, as large as possible, in order of
 * preference. The list ends with the first way that has an unknown counter, because only its refusal shows whether
 * later ways are needed.
 */
export function nextOffers<W extends Way>(ways: readonly W[], left: Left): Offer<W>[] {
  const offers: Offer<W>[] = [];
  for (const way of ways) {
    const each = fittingOutput(way, left);
    if (each === null) continue;
    offers.push({ way, each });
    if (way.limits().some(({ counter }) => !left.has(counter))) break;
  }
  return offers;
}

/**
 * The last offers: each way at its largest fitting size, then in steps down to its minimum, in case other calls have
 * taken some units. The first way is also offered whole, so a refusal reports its numbers.
 */
export function lastOffers<W extends Way>(ways: readonly [W, ...W[]], left: Left): readonly [Offer<W>, ...Offer<W>[]] {
  const [first] = ways;
  const steps = ways.flatMap((way) => {
    const each = fittingOutput(way, left) ?? way.least;
    return [each, ...trimSteps(each, way.least)].map((step) => ({ way, each: step }));
  });
  return [{ way: first, each: first.most }, ...steps.filter(({ way, each }) => way !== first || each < first.most)];
}

/** Whether any of these ways may be served with less than its whole output. */
export function isTrimmable(ways: readonly Way[]): boolean {
  return ways.some(({ least, most }) => least < most);
}
