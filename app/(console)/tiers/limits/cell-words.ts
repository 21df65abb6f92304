import { DAY_SECONDS } from "@/app/_ui/time/spans";
import type { LimitCell } from "@/lib/console/tiers/cells/limit-cells.shared";
import type { DraftLimit } from "@/lib/console/tiers/observed-draft.shared";
import { ALGORITHM_WORDS, count, DIMENSION_WORDS, dollars, LAYER_WORDS, matchWords } from "../../../_ui/figures/format";

export type LimitOwner = "tier" | "everyone";

/** The subjects of a limit for everyone. Each is one counter over all tenants. */
const EVERYONE_WORDS = { ...LAYER_WORDS, global: "All calls together" };

/** While the store is away. */
export const FAILURE_WORDS = {
  closed: "closed: refuse",
  local: "local: share",
  open: "open: 3 × share",
} as const;

export const MODE_WORDS = { enforce: "enforce", observe: "observe only" } as const;

export const EXCEED_WORDS = {
  refuse: "refuse it, with the exact retry-after",
  queue: "let it wait in the queue, up to the class's longest wait",
} as const;

/** What each cell is called, in the table and in a review. */
export const CELL_HEADS = {
  layer: "Counted for each",
  dimension: "Of what",
  capacity: "Limit",
  window: "Window",
  algorithm: "Algorithm",
  observe: "Mode",
  failureMode: "Store away",
  refill: "Refill per window",
  burstCredit: "Burst credit",
  onExceed: "When it is used up",
  match: "Calls",
} as const satisfies Readonly<Record<LimitCell, string>>;

const SPANS: Readonly<Record<number, string>> = { 60: "1 min", 300: "5 min", 3600: "1 h", [DAY_SECONDS]: "24 h" };

export function layerWords(owner: LimitOwner): Readonly<Record<string, string>> {
  return owner === "everyone" ? EVERYONE_WORDS : LAYER_WORDS;
}

/** The value of one cell as text. */
export function cellWords(cell: LimitCell, limit: DraftLimit, owner: LimitOwner): string {
  switch (cell) {
    case "layer":
      return layerWords(owner)[limit.layer] ?? limit.layer;
    case "dimension":
      return DIMENSION_WORDS[limit.dimension] ?? limit.dimension;
    case "capacity":
      return unitsWords(limit, limit.capacity);
    case "window":
      return windowWords(limit);
    case "algorithm":
      return ALGORITHM_WORDS[limit.algorithm] ?? limit.algorithm;
    case "observe":
      return limit.observe ? MODE_WORDS.observe : MODE_WORDS.enforce;
    case "failureMode":
      return FAILURE_WORDS[limit.failureMode];
    case "refill":
      return limit.refill === null ? "not set" : unitsWords(limit, limit.refill);
    case "burstCredit":
      return limit.burstCredit === null ? "not set" : unitsWords(limit, limit.burstCredit);
    case "onExceed":
      return limit.onExceed === "queue" ? "let it wait in the queue" : "refuse it";
    case "match":
      return matchWords(limit.match) || "all calls";
    default:
      return cell satisfies never;
  }
}

/** The settings that have no column of their own, where they are not the usual ones: "refill 30, waits in the queue". */
export function settingsWords(limit: DraftLimit): string {
  const { refill, burstCredit } = limit;
  return [
    matchWords(limit.match),
    refill === null || Object.is(refill, limit.capacity) ? "" : `refill ${unitsWords(limit, refill)}`,
    burstCredit === null || burstCredit === 0 ? "" : `burst credit ${unitsWords(limit, burstCredit)}`,
    limit.onExceed === "queue" ? "waits in the queue" : "",
  ]
    .filter(Boolean)
    .join(", ");
}

/** "1 min" for 60: a round window in words; empty for others. */
export function spanOf(seconds: number | null): string {
  return seconds === null ? "" : (SPANS[seconds] ?? "");
}

function windowWords({ windowSeconds, calendarPeriod, timeZone }: DraftLimit): string {
  if (calendarPeriod !== null) return timeZone === null ? calendarPeriod : `${calendarPeriod}, ${timeZone}`;
  return windowSeconds === null || Number.isNaN(windowSeconds) ? "–" : `${count(windowSeconds)} s`;
}

function unitsWords({ dimension }: DraftLimit, units: number): string {
  if (Number.isNaN(units)) return "–";
  return dimension === "cost_micro_usd" ? dollars(units) : count(units);
}
