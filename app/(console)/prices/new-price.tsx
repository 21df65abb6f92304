"use client";

import { Button, Group, NumberInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "../../_ui/data/api";
import { MICRO_USD } from "../../_ui/figures/format";
import { FormDialog } from "../../_ui/forms/dialog";
import { MorePrices } from "./more-prices";
import { type Filled as MoreFilled, priceBody } from "./price-body";

type Filled = {
  readonly model: string | null;
  /** null = not given: a price of nothing is only set on purpose */
  readonly input: number | null;
  readonly cached: number | null;
  readonly output: number | null;
  readonly more: MoreFilled;
  readonly from: string;
  readonly source: string;
};
const EMPTY = { input: null, cached: null, output: null, more: {}, from: "", source: "" };
type Part = { readonly filled: Filled; readonly set: (change: Partial<Filled>) => void };

/** A price from now on, or from a later moment. */
export function NewPrice({ models, onClose }: { models: readonly string[]; onClose: () => void }) {
  const [filled, setFilled] = useState<Filled>({ ...EMPTY, model: models[0] ?? null });
  const [isMoreOpen, setIsMoreOpen] = useState(false);
  const set = (change: Partial<Filled>) => setFilled((before) => ({ ...before, ...change }));
  const { model, from, input, output } = filled;
  return (
    <FormDialog
      title="New price"
      label="Set price"
      done={`${model} has a new price${from === "" ? " from the next call on" : ""}.`}
      isReady={model !== null && input !== null && output !== null}
      submit={() => api("prices", { method: "POST", body: bodyOf(filled) })}
      onClose={onClose}
    >
      <Select
        label="Model"
        data={[...models]}
        value={model}
        allowDeselect={false}
        searchable
        onChange={(next) => set({ model: next })}
      />
      <MainPrices filled={filled} set={set} />
      <Button variant="subtle" size="compact-sm" aria-expanded={isMoreOpen} onClick={() => setIsMoreOpen(!isMoreOpen)}>
        {isMoreOpen ? "Fewer prices" : "More prices: cache writes, fees…"}
      </Button>
      {isMoreOpen && <MorePrices filled={filled.more} onChange={(more) => set({ more })} />}
      <TextInput
        label="Valid from"
        description="in your time zone; default: now"
        type="datetime-local"
        value={from}
        onChange={(event) => set({ from: event.currentTarget.value })}
      />
      <TextInput
        label="Source"
        description="a contract, the date of a price list"
        value={filled.source}
        onChange={(event) => set({ source: event.currentTarget.value })}
        maxLength={200}
      />
    </FormDialog>
  );
}

/** Input, output and cached input. */
function MainPrices({ filled, set }: Part) {
  const bounds = { min: 0, max: 1000, decimalScale: 6 };
  return (
    <>
      <Group grow align="flex-end">
        <NumberInput
          label="Input"
          description="$ per million tokens"
          value={filled.input ?? ""}
          {...bounds}
          onChange={(value) => set({ input: value === "" ? null : Number(value) })}
          required
        />
        <NumberInput
          label="Output"
          description="$ per million tokens"
          value={filled.output ?? ""}
          {...bounds}
          onChange={(value) => set({ output: value === "" ? null : Number(value) })}
          required
        />
      </Group>
      <NumberInput
        label="Cached input"
        description="$ per million tokens; default: the input price"
        value={filled.cached ?? ""}
        {...bounds}
        onChange={(value) => set({ cached: value === "" ? null : Number(value) })}
      />
    </>
  );
}

function bodyOf({ model, input, cached, output, more, from, source }: Filled): object {
  const micro = (dollars: number | null) => (dollars === null ? null : Math.round(dollars * MICRO_USD));
  return {
    model,
    inputMicroUsdPerMillion: micro(input),
    outputMicroUsdPerMillion: micro(output),
    ...(cached === null ? {} : { cachedInputMicroUsdPerMillion: micro(cached) }),
    ...priceBody(more),
    ...(from === "" ? {} : { validFrom: new Date(from).toISOString() }),
    ...(source.trim() === "" ? {} : { source: source.trim() }),
  };
}
