import { NativeSelect, NumberInput } from "@mantine/core";
import { useState } from "react";
import { LIMIT_CHOICES } from "@/lib/console/limits/limit-choices.shared";
import type { LimitCell } from "@/lib/console/tiers/cells/limit-cells.shared";
import type { DraftLimit } from "@/lib/console/tiers/observed-draft.shared";
import { ALGORITHM_WORDS, DIMENSION_WORDS, MICRO_USD } from "../../../_ui/figures/format";
import { FAILURE_WORDS, type LimitOwner, layerWords, MODE_WORDS, spanOf } from "./cell-words";
import { ofAlgorithm, ofDimension } from "./limit-shape";
import type { ControlProps } from "./marked";

const { layersOf, dimensions, counted, periods, failureModes } = LIMIT_CHOICES;
const MODES = ["enforce", "observe"] as const;

export type ControlOf = {
  readonly label: string;
  readonly owner: LimitOwner;
  readonly limit: DraftLimit;
  readonly set: (change: Partial<DraftLimit>) => void;
  readonly marks: ControlProps;
};

/** What a cell of the table is edited with. */
export function Control({ cell, ...of }: ControlOf & { readonly cell: LimitCell }) {
  const { limit, owner, set } = of;
  switch (cell) {
    case "layer":
      return (
        <Choice
          {...of}
          values={layersOf[owner]}
          words={layerWords(owner)}
          value={limit.layer}
          choose={(layer) => set({ layer })}
        />
      );
    case "dimension":
      return (
        <Choice
          {...of}
          values={dimensions}
          words={DIMENSION_WORDS}
          value={limit.dimension}
          choose={(dimension) => set(ofDimension(limit, dimension))}
        />
      );
    case "algorithm":
      return (
        <Choice
          {...of}
          values={limit.dimension === "concurrency" ? (["concurrency"] as const) : counted}
          words={ALGORITHM_WORDS}
          value={limit.algorithm}
          choose={(algorithm) => set(ofAlgorithm(limit, algorithm))}
        />
      );
    case "failureMode":
      return (
        <Choice
          {...of}
          values={failureModes}
          words={FAILURE_WORDS}
          value={limit.failureMode}
          choose={(failureMode) => set({ failureMode })}
        />
      );
    case "observe":
      return (
        <Choice
          {...of}
          values={MODES}
          words={MODE_WORDS}
          value={limit.observe ? "observe" : "enforce"}
          choose={(mode) => set({ observe: mode === "observe" })}
        />
      );
    case "window":
      return <Window {...of} />;
    default:
      return (
        <Units {...of} value={limit.capacity} onChange={(capacity) => set({ capacity: capacity ?? Number.NaN })} />
      );
  }
}

type ChoiceOf<Value extends string> = ControlOf & {
  readonly values: readonly Value[];
  readonly words: Readonly<Record<string, string>>;
  readonly value: Value;
  readonly choose: (value: Value) => void;
};

/** The system's own list: it is light in a table of many, and phones show it well. */
export function Choice<Value extends string>({ label, values, words, value, choose, marks }: ChoiceOf<Value>) {
  return (
    <NativeSelect
      size="xs"
      rightSectionWidth={22}
      aria-label={label}
      data={values.map((one) => ({ value: one, label: words[one] ?? one }))}
      value={value}
      onChange={(event) => {
        const chosen = values.find((one) => one === event.currentTarget.value);
        if (chosen !== undefined) choose(chosen);
      }}
      {...marks}
    />
  );
}

/** Seconds, or the period of a calendar window; leases have none. */
function Window(of: ControlOf) {
  const { label, limit, set, marks } = of;
  if (limit.calendarPeriod !== null) {
    const choose = (calendarPeriod: (typeof periods)[number]) => set({ calendarPeriod });
    return <Choice {...of} values={periods} words={{}} value={limit.calendarPeriod} choose={choose} />;
  }
  if (limit.windowSeconds === null) return <span className="cell-none">–</span>;
  const span = spanOf(limit.windowSeconds);
  return (
    <NumberInput
      {...FIGURE}
      aria-label={label}
      value={shown(limit.windowSeconds)}
      allowDecimal={false}
      suffix=" s"
      rightSection={span === "" ? null : <span className="cell-unit">{span}</span>}
      rightSectionWidth={span === "" ? 0 : 40}
      onChange={(value) => set({ windowSeconds: value === "" ? Number.NaN : Number(value) })}
      {...marks}
    />
  );
}

type UnitsOf = Omit<ControlOf, "owner" | "set"> & {
  readonly value: number | null;
  readonly placeholder?: string;
  /** null: it was deleted */
  readonly onChange: (units: number | null) => void;
};

/** An amount of the limit's dimension. Money is entered in dollars and stored in micro-dollars. */
export function Units({ label, limit, value, placeholder = "", onChange, marks }: UnitsOf) {
  const isMoney = limit.dimension === "cost_micro_usd";
  const scale = isMoney ? MICRO_USD : 1;
  // While it is typed, the text stays as it is typed.
  const [isTyping, setIsTyping] = useState(false);
  return (
    <NumberInput
      {...FIGURE}
      aria-label={label}
      value={value === null ? "" : isMoney && !isTyping ? centsOf(value / scale) : shown(value / scale)}
      onFocus={() => setIsTyping(true)}
      onBlur={() => setIsTyping(false)}
      decimalScale={isMoney ? 6 : 0}
      prefix={isMoney ? "$" : ""}
      placeholder={placeholder}
      onChange={(given) => onChange(given === "" ? null : Math.round(Number(given) * scale))}
      {...marks}
    />
  );
}

const FIGURE = {
  size: "xs",
  hideControls: true,
  allowNegative: false,
  thousandSeparator: ",",
  // A number out of its range stays and is named, not replaced.
  clampBehavior: "none",
  className: "figure",
} as const;

/** "0.50": money has its cents. */
function centsOf(value: number): number | string {
  const cents = value.toFixed(2);
  return Number(cents) === value ? cents : shown(value);
}

function shown(value: number): number | string {
  return Number.isNaN(value) ? "" : value;
}
