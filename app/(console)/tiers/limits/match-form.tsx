import { Select, SimpleGrid, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { LIMIT_CHOICES } from "@/lib/console/limits/limit-choices.shared";
import type { TierView } from "@/lib/console/tiers/tiers";
import { PRIORITY_WORDS } from "../../../_ui/figures/format";

type Match = TierView["limits"][number]["match"];
type MatchOf = { readonly match: Match; readonly layer: string; readonly onChange: (match: Match) => void };

const { endpoints: ENDPOINTS, priorities: PRIORITIES } = LIMIT_CHOICES;

/** Which calls a limit applies to; empty = all. */
export function MatchForm({ match, layer, onChange }: MatchOf) {
  const { tag, ...others } = match;
  const [isOpen, setOpen] = useState(Object.values(others).some((one) => one !== undefined));
  const set = (change: Partial<Match>) => {
    const next = Object.entries({ ...match, ...change }).filter(([, value]) => value !== undefined && value !== "");
    onChange(Object.fromEntries(next));
  };
  return (
    <>
      {(layer === "tag" || tag !== undefined) && (
        <TextInput
          mt="md"
          label="Tag"
          description="a tag name (repo): one limit per value; or name=value (repo=web): only that value"
          value={tag ?? ""}
          onChange={(event) => set({ tag: event.currentTarget.value.trim() })}
          required={layer === "tag"}
        />
      )}
      <Switch
        mt="md"
        label="Only for some calls: by model, provider, endpoint or priority"
        checked={isOpen}
        onChange={(event) => {
          setOpen(event.currentTarget.checked);
          if (!event.currentTarget.checked) onChange(tag === undefined ? {} : { tag });
        }}
      />
      {isOpen && (
        <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm" mt="sm">
          <TextInput
            label="Model"
            description="a model name, or a prefix such as gpt-*"
            placeholder="any"
            value={match.model ?? ""}
            onChange={(event) => set({ model: event.currentTarget.value.trim() })}
          />
          <TextInput
            label="Provider"
            description="a name or a prefix"
            placeholder="any"
            value={match.provider ?? ""}
            onChange={(event) => set({ provider: event.currentTarget.value.trim() })}
          />
          <Select
            label="Endpoint"
            description="its name in the API"
            placeholder="any"
            data={[...ENDPOINTS]}
            value={match.endpoint ?? null}
            clearable
            onChange={(value) => set({ endpoint: value ?? undefined })}
          />
          <Select
            label="Priority"
            description="this priority and less urgent ones"
            placeholder="any"
            data={PRIORITIES.map((value) => ({ value, label: PRIORITY_WORDS[value] }))}
            value={match.priority ?? null}
            clearable
            onChange={(value) => set({ priority: PRIORITIES.find((one) => one === value) })}
          />
        </SimpleGrid>
      )}
    </>
  );
}
