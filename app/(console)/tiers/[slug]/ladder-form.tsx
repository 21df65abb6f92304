"use client";

import { Card, MultiSelect, NativeSelect, NumberInput, SimpleGrid, Stack, Switch, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../../_ui/data/api";
import { Term } from "../../../_ui/words/term";

type Ladder = TierView["ladder"];
type Catalog = { readonly models: readonly { readonly slug: string }[] };

const DEFAULT_TRIM = 256;
const DEFAULT_SHARE = 0.8;
const RESERVES = [
  { value: "worst", label: "Worst case: input and max_tokens" },
  { value: "learned", label: "Learned: usage of similar calls" },
];

/** How calls of a tier may be reduced before they are refused, and what is held for their output. */
export function LadderForm({ ladder, onChange }: { ladder: Ladder; onChange: (ladder: Ladder) => void }) {
  const catalog = useQuery({ queryKey: ["catalog"], queryFn: () => api<Catalog>("catalog") });
  const set = (change: Partial<Ladder>) => onChange({ ...ladder, ...change });
  const models = catalog.data?.models.map((model) => model.slug) ?? ladder.models;
  return (
    <Card component="section" aria-label="Before a call is refused">
      <Text fw={600} component="h2" fz="md">
        <Term of="ladder">Before a call is refused</Term>
      </Text>
      <Text c="dimmed" size="sm" mb="sm">
        A call that does not fit its limits can be served with fewer tokens or by a cheaper model instead. The response
        says so.
      </Text>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Stack gap="md">
          <MultiSelect
            label="Cheaper models"
            description="tried in this order; only cheaper models"
            placeholder={ladder.models.length === 0 ? "none" : ""}
            data={[...models]}
            value={[...ladder.models]}
            onChange={(value) => set({ models: value })}
            maxValues={8}
            clearable
          />
          <Reservation ladder={ladder} set={set} />
        </Stack>
        <Stack gap="sm" mt={{ md: 4 }}>
          <div>
            <Switch
              label="Trim max_tokens to fit"
              checked={ladder.trimTo !== null}
              onChange={(event) => set({ trimTo: event.currentTarget.checked ? DEFAULT_TRIM : null })}
            />
            {ladder.trimTo !== null && (
              <NumberInput
                label="Never below"
                description="output tokens"
                value={ladder.trimTo}
                min={1}
                allowDecimal={false}
                thousandSeparator=","
                required
                onChange={(value) => set({ trimTo: Math.max(1, Number(value)) })}
              />
            )}
          </div>
          <div>
            <Switch
              label="Start with the cheaper models when a budget is nearly used up"
              checked={ladder.fromBudgetShare !== null}
              disabled={ladder.models.length === 0}
              onChange={(event) => set({ fromBudgetShare: event.currentTarget.checked ? DEFAULT_SHARE : null })}
            />
            {ladder.fromBudgetShare !== null && (
              <NumberInput
                label="From"
                description="percent of the budget used"
                value={Math.round(ladder.fromBudgetShare * 100)}
                min={1}
                max={100}
                allowDecimal={false}
                suffix=" %"
                required
                onChange={(value) => set({ fromBudgetShare: Math.min(100, Math.max(1, Number(value))) / 100 })}
              />
            )}
          </div>
          <Switch
            label="Let calls wait for capacity"
            description="in the queue, by priority; overrides the setting of each limit"
            checked={ladder.waits}
            onChange={(event) => set({ waits: event.currentTarget.checked })}
          />
        </Stack>
      </SimpleGrid>
    </Card>
  );
}

function Reservation({ ladder, set }: { ladder: Ladder; set: (change: Partial<Ladder>) => void }) {
  return (
    <NativeSelect
      label="Reservation"
      description="until the call ends; usage above the reservation becomes debt"
      data={RESERVES}
      value={ladder.reserve}
      onChange={(event) => set({ reserve: event.currentTarget.value === "learned" ? "learned" : "worst" })}
    />
  );
}
