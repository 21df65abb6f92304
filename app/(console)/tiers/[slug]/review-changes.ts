import { changedCells } from "@/lib/console/tiers/cells/limit-cells.shared";
import type { DraftLimit } from "@/lib/console/tiers/observed-draft.shared";
import { amount } from "../../../_ui/figures/format";
import { CELL_HEADS, cellWords, settingsWords } from "../limits/cell-words";

/** What a draft changes, in the words of the table's cells; one line per changed limit. */
export function reviewChanges(before: readonly DraftLimit[], after: readonly DraftLimit[]): string[] {
  const lines = after.flatMap((limit) => {
    const was = before.find((one) => one.name === limit.name);
    const words = was === undefined ? newWords(limit) : changedWords(was, limit);
    return words.length === 0 ? [] : `${limit.name}: ${words.join(", ")}`;
  });
  const removed = before.filter((was) => !after.some((limit) => limit.name === was.name));
  return [...lines, ...removed.map(({ name }) => `${name}: removed`)];
}

function newWords(limit: DraftLimit): string[] {
  return ["new", amount(limit.dimension, limit.capacity), settingsWords(limit)].filter(Boolean);
}

function changedWords(was: DraftLimit, limit: DraftLimit): string[] {
  return changedCells(was, limit).map((cell) =>
    cell === "capacity"
      ? `${amount(was.dimension, was.capacity)} → ${amount(limit.dimension, limit.capacity)}`
      : `${cell === "match" ? "for" : CELL_HEADS[cell].toLowerCase()} ${cellWords(cell, was, "tier")} → ${cellWords(cell, limit, "tier")}`,
  );
}
