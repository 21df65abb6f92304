"use client";

import { parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { PRESET_NAMES, type Preset, type TimeChoice } from "./time-range";

/** A page's time range, stored in its address. */
export function useTimeChoice(preset: Preset): readonly [TimeChoice, (choice: TimeChoice) => void] {
  const [place, setPlace] = useQueryStates({
    range: parseAsStringLiteral(PRESET_NAMES).withDefault(preset),
    from: parseAsString,
    to: parseAsString,
    month: parseAsString,
  });
  return [place, ({ range, from, to, month }) => void setPlace({ range, from, to, month })];
}
