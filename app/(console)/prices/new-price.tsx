"use client";

import { Button, Group, NumberInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "../../_ui/data/api";
import { FormDialog } from "../../_ui/forms/dialog";
import { MorePrices } from "./more-prices";
import { type Filled, priceBody } from "./price-body";

const MICRO_USD = 1_000_000;

/** A price from now on, or from a moment to come. */
export function NewPrice({ models, onClose }: { models: readonly string[]; onClose: () => void }) {
  const [model, setModel] = useState(models[0] ?? null);
  const [input, setInput] = useState(0);
  const [cached, setCached] = useState<number | null>(null);
  const [output, setOutput] = useState(0);
  const [more, setMore] = useState<Filled>({});
  const [isMoreOpen, setIsMoreOpen] = useState(false);
  const [from, setFrom] = useState("");
  const [source, setSource] = useState("");
  const micro = (dollars: number) => Math.round(dollars * MICRO_USD);
  return (
    <FormDialog
      title="New price"
      label="Set it"
      done={`${model} has a new price${from === "" ? " from the next call on" : ""}.`}
      isReady={model !== null}
      submit={() =>
        api("prices", {
          method: "POST",
          body: {
            ...{ model, inputMicroUsdPerMillion: micro(input), outputMicroUsdPerMillion: micro(output) },
            ...(cached === null ? {} : { cachedInputMicroUsdPerMillion: micro(cached) }),
            ...priceBody(more),
            ...(from === "" ? {} : { validFrom: new Date(from).toISOString() }),
            ...(source.trim() === "" ? {} : { source: source.trim() }),
          },
        })
      }
      onClose={onClose}
    >
      <Select label="Model" data={[...models]} value={model} allowDeselect={false} searchable onChange={setModel} />
      <Group grow align="flex-end">
        <NumberInput
          label="Input"
          description="$ per million tokens"
          value={input}
          min={0}
          max={1000}
          decimalScale={6}
          onChange={(value) => setInput(Number(value))}
          required
        />
        <NumberInput
          label="Output"
          description="$ per million tokens"
          value={output}
          min={0}
          max={1000}
          decimalScale={6}
          onChange={(value) => setOutput(Number(value))}
          required
        />
      </Group>
      <NumberInput
        label="Cached input"
        description="$ per million tokens; default: the input price"
        value={cached ?? ""}
        min={0}
        max={1000}
        decimalScale={6}
        onChange={(value) => setCached(value === "" ? null : Number(value))}
      />
      <Button variant="subtle" size="compact-sm" aria-expanded={isMoreOpen} onClick={() => setIsMoreOpen(!isMoreOpen)}>
        {isMoreOpen ? "Fewer prices" : "Cache writes, long inputs, service tiers, fees"}
      </Button>
      {isMoreOpen && <MorePrices filled={more} onChange={setMore} />}
      <TextInput
        label="Valid from"
        description="in your time zone; default: now"
        type="datetime-local"
        value={from}
        onChange={(event) => setFrom(event.currentTarget.value)}
      />
      <TextInput
        label="Source"
        description="a contract, the date of a price list"
        value={source}
        onChange={(event) => setSource(event.currentTarget.value)}
        maxLength={200}
      />
    </FormDialog>
  );
}
