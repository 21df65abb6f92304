import type { HeldPrice } from "@/lib/money/cost";
import { amountsOf } from "../cost";
import type { CheckState } from "../decide";
import type { AppliedLimit } from "../plan";
import { trimSteps } from "./ladder";
import { fits, largestOutput, type Room } from "./largest-output";

/** The size of one way to serve a call. */
export type Way = {
  /** The limits it has to pass. */
  readonly limits: () => readonly AppliedLimit[];
  readonly inputTokens: number;
  readonly permits: number;
  /** Held for the output, all choices together, when it is served whole. */
  readonly outputTokens: number;
  readonly price: HeldPrice;
  readonly choices: number;
  /** Output cap per choice when it is served whole. */
  readonly most: number;
  /** The least cap per choice that it may be served with; `most` when it is served whole or not at all. */
  readonly least: number;
};

/** A way with the output cap per choice that it is offered with. */
export type Offer<W extends Way = Way> = { readonly way: W; readonly each: number };

/** Units left of each counter, as a refusal told them; a counter that is not in it has not been seen. */
export type Left = ReadonlyMap<string, number>;

export function leftAfter(left: Left, states: readonly CheckState[]): Left {
  return new Map([...left, ...states.map(({ check, remaining }): [string, number] => [check.counter, remaining])]);
}

/**
 * The largest output cap per choice with which a way fits what is left, at most its own; null when that is less than its
 * least. A counter that has not been seen is taken to be untouched, so the answer may be too large, never too small.
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
 * What to ask the store for next: every way that fits what is known to be left, as large as it fits, in order of
 * preference. It ends with the first way that has a counter nobody has seen: only its own refusal tells whether the ones
 * after it are needed.
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
 * What is asked last, whatever is known: each way as large as it fits, then in steps down to its least, for the case that
 * others have taken some of it meanwhile. The first way is also asked for whole, so that a refusal tells its numbers.
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
