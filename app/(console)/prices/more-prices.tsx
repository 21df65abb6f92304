import { Fieldset, NumberInput, SimpleGrid } from "@mantine/core";
import { FEES, type Filled, RATES, SERVICE_TIERS } from "./price-body";

const TOKENS_MAX = 100_000_000;

/** Rates for which few models have their own price. */
export function MorePrices({ filled, onChange }: { filled: Filled; onChange: (filled: Filled) => void }) {
  const field = (name: string, label: string, description: string, most = 1000) => (
    <NumberInput
      key={name}
      label={label}
      description={description}
      value={filled[name] ?? ""}
      min={0}
      max={most}
      decimalScale={6}
      onChange={(value) => {
        const { [name]: _before, ...rest } = filled;
        onChange(value === "" ? rest : { ...rest, [name]: Number(value) });
      }}
    />
  );
  const pair = (name: string, of: string) => [
    field(`${name}.input`, `Into ${of}`, "$ per million tokens"),
    field(`${name}.cached`, `Cached into ${of}`, "empty = same as input"),
    field(`${name}.output`, `Out of ${of}`, "$ per million tokens"),
  ];
  return (
    <>
      <Fieldset legend="$ per million tokens">
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          {RATES.map(([name, label, empty]) => field(name, label, empty))}
        </SimpleGrid>
      </Fieldset>
      <Fieldset legend="Long inputs: rates for the whole request">
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          {field("long.above", "Above", "input tokens", TOKENS_MAX)}
          {pair("long", "long requests")}
        </SimpleGrid>
      </Fieldset>
      <Fieldset legend="Service tiers">
        <SimpleGrid cols={1}>{SERVICE_TIERS.flatMap((tier) => pair(tier, tier))}</SimpleGrid>
      </Fieldset>
      <Fieldset legend="$ per thousand">
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          {FEES.map(([name, label, empty]) => field(name, label, empty))}
        </SimpleGrid>
      </Fieldset>
    </>
  );
}
