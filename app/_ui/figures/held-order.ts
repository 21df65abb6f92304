"use client";

import { useState } from "react";

/**
 * While the pointer or the focus is on the rows, they keep their order, with their newest figures, so that nothing
 * moves away from under a click. New rows appear after it leaves.
 */
export function useHeldOrder<Row>(rows: readonly Row[], nameOf: (row: Row) => string) {
  const [held, setHeld] = useState<readonly Row[] | null>(null);
  const hold = () => setHeld((before) => before ?? rows);
  const release = () => setHeld(null);
  return {
    rows: held === null ? rows : inPlace(held, rows, nameOf),
    holders: { onPointerEnter: hold, onPointerLeave: release, onFocus: hold, onBlur: release },
  };
}

/** The rows of `held` with their current values; a removed one keeps its last values. */
export function inPlace<Row>(held: readonly Row[], rows: readonly Row[], nameOf: (row: Row) => string): readonly Row[] {
  const now = new Map(rows.map((row) => [nameOf(row), row]));
  return held.map((row) => now.get(nameOf(row)) ?? row);
}
