import type { HeldPrice } from "@/lib/money/cost";
import { amountsOf } from "../cost";
import type { CheckState } from "../decide";
import type { Amounts, Dimension } from "../rules/dimensions";

/** The remaining units of one limit at the time of a call. */
export type Room = { readonly dimension: Dimension; readonly remaining: number; readonly observe: boolean };

/** Whether a call of these amounts fits this limit. Untouched and observe-only limits always fit. */
export function fits({ dimension, remaining, observe }: Room, amounts: Amounts): boolean {
  return observe || amounts[dimension] === 0 || amounts[dimension] <= remaining;
}

export function roomOf({ check, remaining }: CheckState): Room {
  return { dimension: check.dimension, remaining, observe: check.observe };
}

type Sized = {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly permits: number;
  readonly price: HeldPrice;
};

/**
 * The most output tokens, up to the number asked for, with which a refused call would have been admitted. Null when no
 * number helps, because something other than the answer's length is in the way.
 */
export function largestOutput(
  rooms: readonly Room[],
  { inputTokens, outputTokens, permits, price }: Sized,
): number | null {
  const passes = (output: number) => {
    const amounts = amountsOf({ inputTokens, outputTokens: output, permits }, price);
    return rooms.every((room) => fits(room, amounts));
  };
  if (outputTokens < 1 || !passes(1)) return null;
  let [enough, tooMany] = [1, outputTokens + 1];
  while (tooMany - enough > 1) {
    const middle = Math.floor((enough + tooMany) / 2);
    if (passes(middle)) enough = middle;
    else tooMany = middle;
  }
  return enough;
}
