"use client";

import { useState } from "react";

/**
 * The rows as they stood when the pointer or the focus came to them, with their newest figures, as long as it stays:
 * nothing moves away from under a click. What is new comes when it has left.
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

/** The rows of `held`, each as it is now; one that is there no more as it was. */
export function inPlace<Row>(held: readonly Row[], rows: readonly Row[], nameOf: (row: Row) => string): readonly Row[] {
  const now = new Map(rows.map((row) => [nameOf(row), row]));
  return held.map((row) => now.get(nameOf(row)) ?? row);
}
