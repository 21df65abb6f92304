import { TAG_MEANT, tagMeant } from "@/lib/limits/rules/tags";
import { LIMIT_NAME, LIMIT_NAME_MEANT, UNITS_MAX, WINDOW_SECONDS_MAX } from "@/lib/policy/rows/limit-bounds";
import type { DraftLimit } from "../observed-draft.shared";
import type { LimitCell } from "./limit-cells.shared";

export type FaultCell = LimitCell | "name";
export type CellFaults = Partial<Readonly<Record<FaultCell, string>>>;

/**
 * What is wrong in which cell of a limit, and what is allowed there; empty = nothing. Faults that only the server knows come
 * with its answer. `isTwice`: another limit has the name. A number that was deleted is NaN.
 */
export function cellFaults(limit: DraftLimit, isTwice: boolean): CellFaults {
  const isBucket = limit.algorithm === "token_bucket";
  const hasWindow = limit.windowSeconds !== null;
  const isMoney = limit.dimension === "cost_micro_usd";
  const within = (value: number | null, least: string) =>
    value !== null && value > UNITS_MAX
      ? `At most ${isMoney ? "$9,000,000,000" : UNITS_MAX.toLocaleString("en-US")}`
      : `${isMoney ? `$${least}` : `A whole number, ${least}`} or more`;
  const least = isMoney ? "0.000001" : "1";
  const found: [FaultCell, boolean, string][] = [
    ["name", !LIMIT_NAME.test(limit.name), `A name is ${LIMIT_NAME_MEANT}`],
    ["name", isTwice, "Another limit has this name"],
    ["capacity", !isWhole(limit.capacity, 0, UNITS_MAX), within(limit.capacity, "0")],
    [
      "window",
      hasWindow && !isWhole(limit.windowSeconds, 1, WINDOW_SECONDS_MAX),
      `Whole seconds, from 1 to ${WINDOW_SECONDS_MAX.toLocaleString("en-US")}`,
    ],
    [
      "refill",
      isBucket && !isWhole(limit.refill ?? 1, 1, UNITS_MAX),
      `${within(limit.refill, least)}; empty for the limit`,
    ],
    [
      "burstCredit",
      isBucket && !isWhole(limit.burstCredit ?? 0, 0, UNITS_MAX),
      `${within(limit.burstCredit, "0")}; empty for none`,
    ],
    ["match", limit.layer === "tag" && tagMeant(limit.match.tag ?? "") === null, `The tag is ${TAG_MEANT}`],
  ];
  return Object.fromEntries(found.flatMap(([cell, isFault, text]) => (isFault ? [[cell, text]] : [])).reverse());
}

function isWhole(value: number | null, least: number, most: number): boolean {
  return value !== null && Number.isInteger(value) && value >= least && value <= most;
}
