"use client";

import { Badge, Button, Group, NumberInput, Paper, Select, SimpleGrid, Switch, Text, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { LIMIT_CHOICES } from "@/lib/console/limits/limit-choices.shared";
import type { DraftLimit } from "@/lib/console/tiers/observed-draft.shared";
import type { TierView } from "@/lib/console/tiers/tiers";
import { ALGORITHM_WORDS, DIMENSION_WORDS, LAYER_WORDS, MICRO_USD } from "../../../_ui/figures/format";
import { limitWords } from "../limit-changes";
import { MatchForm } from "./match-form";

type Limit = TierView["limits"][number];

const {
  layersOf: LAYERS_OF,
  dimensions: DIMENSIONS,
  counted: COUNTED,
  periods: PERIODS,
  failureModes: FAILURE_MODES,
} = LIMIT_CHOICES;
const FAILURE_WORDS = {
  closed: "Refuse",
  local: "Each process enforces its share",
  open: "Each process enforces three times its share",
} as const;

/** The dimension of a limit for everyone. Each is one counter over all tenants. */
const EVERYONE_WORDS = { ...LAYER_WORDS, global: "All calls together" };

type FormOf = {
  readonly owner: "tier" | "everyone";
  readonly limit: DraftLimit;
  readonly isOld: boolean;
  /** as it is in force; null = it is new */
  readonly was: DraftLimit | null;
  readonly below: ReactNode;
  readonly onChange: (limit: DraftLimit) => void;
  readonly onRemove: () => void;
};
type Part = { readonly limit: DraftLimit; readonly set: (change: Partial<DraftLimit>) => void };

/** One limit: subject, dimension, capacity and window. Money is entered in dollars and stored in micro-dollars. */
export function LimitForm({ owner, limit, isOld, was, below, onChange, onRemove }: FormOf) {
  const set = (change: Partial<DraftLimit>) => onChange({ ...limit, ...change });
  const label = limit.name || "new limit";
  return (
    <Paper withBorder p="md" component="section" aria-label={label}>
      <Group justify="space-between" align="flex-start" mb="sm" wrap="nowrap">
        <div>
          <LimitName limit={limit} set={set} isOld={isOld} />
          <Changed limit={limit} was={was} />
        </div>
        <Button
          variant="subtle"
          color="red"
          size="compact-sm"
          leftSection={<IconTrash size={14} />}
          style={{ flexShrink: 0 }}
          onClick={onRemove}
          aria-label={`Remove ${label}`}
        >
          Remove
        </Button>
      </Group>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
        <WhatIsCounted owner={owner} limit={limit} set={set} />
        <HowMuch limit={limit} set={set} />
        {limit.algorithm === "calendar_window" && (
          <Select
            label="Period"
            description={owner === "everyone" ? "in UTC" : "in the tenant's time zone"}
            data={[...PERIODS]}
            value={limit.calendarPeriod}
            allowDeselect={false}
            onChange={(value) => set({ calendarPeriod: pick(PERIODS, value) ?? "day" })}
          />
        )}
        <WhenItFails limit={limit} set={set} />
      </SimpleGrid>
      <Group gap="lg" mt="md">
        <Switch
          label="Observe only: count, but never refuse"
          checked={limit.observe}
          onChange={(event) => set({ observe: event.currentTarget.checked })}
        />
      </Group>
      <MatchForm match={limit.match} layer={limit.layer} onChange={(match) => set({ match })} />
      {below}
    </Paper>
  );
}

/** That a limit is not as it is in force, and how it is. */
function Changed({ limit, was }: Pick<FormOf, "limit" | "was">) {
  const { row: _row, ...edited } = { row: "", ...limit };
  if (was !== null && JSON.stringify(edited) === JSON.stringify(was)) return null;
  return (
    <Group gap="xs" mt={4}>
      <Badge color="yellow" variant="light" tt="none">
        {was === null ? "new" : "changed"}
      </Badge>
      {was !== null && (
        <Text size="xs" c="dimmed">
          in force: {limitWords(was)}
        </Text>
      )}
    </Group>
  );
}

/** The name, which is permanent after the first version. */
function LimitName({ limit, set, isOld }: Part & { readonly isOld: boolean }) {
  if (isOld) {
    return (
      <Text fw={600} component="h2" fz="md" miw={0} style={{ overflowWrap: "anywhere" }}>
        {limit.name}
      </Text>
    );
  }
  return (
    <TextInput
      label="Name"
      description="permanent: counters and overrides refer to it"
      value={limit.name}
      required
      onChange={(event) => set({ name: event.currentTarget.value })}
      pattern="[a-z0-9][a-z0-9\-]*"
      title="Lower-case letters, digits and dashes"
    />
  );
}

/** Layer, dimension and algorithm. */
function WhatIsCounted({ owner, limit, set }: Part & Pick<FormOf, "owner">) {
  const algorithms = limit.dimension === "concurrency" ? ["concurrency"] : COUNTED;
  return (
    <>
      <Select
        label="Counted for each"
        description="the layer"
        data={options(LAYERS_OF[owner], owner === "everyone" ? EVERYONE_WORDS : LAYER_WORDS)}
        value={limit.layer}
        allowDeselect={false}
        onChange={(value) => set({ layer: pick(LAYERS_OF[owner], value) ?? limit.layer })}
      />
      <Select
        label="Of what"
        description="the dimension"
        data={options(DIMENSIONS, DIMENSION_WORDS)}
        value={limit.dimension}
        allowDeselect={false}
        onChange={(value) => set(ofDimension(limit, pick(DIMENSIONS, value) ?? limit.dimension))}
      />
      <Select
        label="Algorithm"
        description="how it is counted"
        data={options(algorithms, ALGORITHM_WORDS)}
        value={limit.algorithm}
        allowDeselect={false}
        onChange={(value) => set(ofAlgorithm(limit, pick(COUNTED, value) ?? limit.algorithm))}
      />
    </>
  );
}

/** Capacity, and if the algorithm has them: window, refill and burst credit. */
function HowMuch({ limit, set }: Part) {
  const isMoney = limit.dimension === "cost_micro_usd";
  const isBucket = limit.algorithm === "token_bucket";
  const hasWindow = limit.algorithm !== "concurrency" && limit.algorithm !== "calendar_window";
  const scale = isMoney ? MICRO_USD : 1;
  const units = (value: number | string) => Math.round(Number(value) * scale);
  return (
    <>
      <NumberInput
        label="Limit"
        description={unitWords(limit)}
        value={limit.capacity / scale}
        min={0}
        decimalScale={isMoney ? 6 : 0}
        thousandSeparator=","
        required
        onChange={(value) => set({ capacity: units(value) })}
      />
      {hasWindow && (
        <NumberInput
          label="Window"
          description="seconds"
          value={limit.windowSeconds ?? 60}
          min={1}
          allowDecimal={false}
          thousandSeparator=","
          required
          onChange={(value) => set({ windowSeconds: Number(value) })}
        />
      )}
      {isBucket && (
        <NumberInput
          label="Refill per window"
          description={isMoney ? "US dollars; default: the limit" : "default: the limit"}
          value={limit.refill === null ? "" : limit.refill / scale}
          min={isMoney ? 0.000001 : 1}
          thousandSeparator=","
          onChange={(value) => set({ refill: value === "" ? null : units(value) })}
        />
      )}
      {isBucket && (
        <NumberInput
          label="Burst credit"
          description={isMoney ? "US dollars earned while idle; default: none" : "earned while idle; default: none"}
          value={limit.burstCredit === null ? "" : limit.burstCredit / scale}
          min={0}
          thousandSeparator=","
          onChange={(value) => set({ burstCredit: value === "" ? null : units(value) })}
        />
      )}
    </>
  );
}

/** The behaviour without the store, and when the limit is used up. */
function WhenItFails({ limit, set }: Part) {
  return (
    <>
      <Select
        label="While the store is away"
        description="the failure mode"
        data={options(FAILURE_MODES, FAILURE_WORDS)}
        value={limit.failureMode}
        allowDeselect={false}
        onChange={(value) => set({ failureMode: pick(FAILURE_MODES, value) ?? limit.failureMode })}
      />
      <Select
        label="When it is used up"
        description="for the next call"
        data={[
          { value: "refuse", label: "refuse it, with the exact retry-after" },
          { value: "queue", label: "let it wait in the queue, up to the class's longest wait" },
        ]}
        value={limit.onExceed === "queue" ? "queue" : "refuse"}
        allowDeselect={false}
        onChange={(value) => set({ onExceed: value === "queue" ? "queue" : "refuse" })}
      />
    </>
  );
}

function unitWords({ dimension, algorithm }: DraftLimit): string {
  if (dimension === "cost_micro_usd") return "US dollars";
  if (dimension === "concurrency") return "concurrent calls";
  return algorithm === "token_bucket" ? "burst" : "units per window";
}

/** Concurrency has its own algorithm; changing from it returns to a bucket per minute. */
function ofDimension(limit: DraftLimit, dimension: Limit["dimension"]): Partial<DraftLimit> {
  if (dimension === "concurrency")
    return {
      dimension,
      algorithm: "concurrency",
      refill: null,
      windowSeconds: null,
      calendarPeriod: null,
      burstCredit: null,
    };
  if (limit.algorithm === "concurrency") return { dimension, ...ofAlgorithm(limit, "token_bucket") };
  return { dimension };
}

function ofAlgorithm(limit: DraftLimit, algorithm: Limit["algorithm"]): Partial<DraftLimit> {
  const isCalendar = algorithm === "calendar_window";
  const calendarPeriod = isCalendar ? (limit.calendarPeriod ?? "day") : null;
  return {
    algorithm,
    calendarPeriod,
    windowSeconds: isCalendar ? null : (limit.windowSeconds ?? 60),
    refill: null,
    burstCredit: null,
  };
}

function options(values: readonly string[], words: Readonly<Record<string, string>>) {
  return values.map((value) => ({ value, label: words[value] ?? value }));
}

function pick<Value extends string>(values: readonly Value[], text: string | null): Value | null {
  return values.find((value) => value === text) ?? null;
}
