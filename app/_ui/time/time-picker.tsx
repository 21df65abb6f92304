"use client";

import { Button, Group, Popover, SegmentedControl, Stack, Switch, TextInput } from "@mantine/core";
import { IconCalendar } from "@tabler/icons-react";
import { useState } from "react";
import { useMomentWords, useZone, zoneWords } from "../figures/moment";
import { fieldOf, isPreset, momentIn, PRESETS, type Preset, spanOf, type TimeChoice } from "./time-range";

type Props = {
  readonly choice: TimeChoice;
  /** this page's presets */
  readonly presets: readonly Preset[];
  readonly onChange: (choice: TimeChoice) => void;
  /** absent: the page has no comparison */
  readonly compare?: { readonly isOn: boolean; readonly onChange: (isOn: boolean) => void };
};

/** A page's time range: a preset, from one moment to another, or a calendar month. */
export function TimePicker({ choice, presets, onChange, compare }: Props) {
  const [isOpen, setIsOpen] = useState(false);
  const words = useMomentWords();
  return (
    <Group gap="xs" wrap="wrap">
      <SegmentedControl
        size="xs"
        aria-label="Time range"
        data={presets.map((value) => ({ value, label: PRESETS[value].words }))}
        value={isPreset(choice) ? choice.range : ""}
        onChange={(value) =>
          onChange({ range: presets.find((one) => one === value) ?? choice.range, from: null, to: null, month: null })
        }
      />
      <Popover opened={isOpen} onChange={setIsOpen} position="bottom-end" trapFocus withinPortal>
        <Popover.Target>
          <Button
            size="xs"
            variant={isPreset(choice) ? "default" : "light"}
            leftSection={<IconCalendar size={14} aria-hidden />}
            onClick={() => setIsOpen((before) => !before)}
          >
            {customWords(choice, words)}
          </Button>
        </Popover.Target>
        <Popover.Dropdown aria-label="Custom time range">
          <Custom
            choice={choice}
            onChange={(next) => {
              onChange(next);
              setIsOpen(false);
            }}
          />
        </Popover.Dropdown>
      </Popover>
      {compare !== undefined && (
        <Switch
          size="xs"
          label="Compare with the previous period"
          checked={compare.isOn}
          onChange={(event) => compare.onChange(event.currentTarget.checked)}
        />
      )}
    </Group>
  );
}

/** From one moment to another, or a month. */
function Custom({ choice, onChange }: Pick<Props, "choice" | "onChange">) {
  const [zone] = useZone();
  const span = spanOf(choice, Date.now());
  const [from, setFrom] = useState(fieldOf(span.from, zone));
  const [to, setTo] = useState(fieldOf(span.to, zone));
  const [first, last] = [momentIn(from, zone), momentIn(to, zone)];
  const isBackwards = first !== null && last !== null && first >= last;
  const inZone = zoneWords(zone);
  return (
    <Stack gap="xs">
      <TextInput
        type="datetime-local"
        label="From"
        description={inZone}
        value={from}
        onChange={(event) => setFrom(event.currentTarget.value)}
      />
      <TextInput
        type="datetime-local"
        label="To"
        description="empty = up to now"
        value={to}
        error={isBackwards ? "The end is before the start." : null}
        onChange={(event) => setTo(event.currentTarget.value)}
      />
      <Button
        size="xs"
        disabled={first === null || isBackwards}
        onClick={() => onChange({ ...choice, from: first, to: last, month: null })}
      >
        Apply
      </Button>
      <TextInput
        type="month"
        label="Or a calendar month"
        description="in UTC, as in the ledger"
        value={choice.month ?? ""}
        onChange={(event) => {
          const month = event.currentTarget.value;
          if (month !== "") onChange({ ...choice, from: null, to: null, month });
        }}
      />
    </Stack>
  );
}

function customWords(choice: TimeChoice, words: (at: string, form: "short") => string): string {
  if (isPreset(choice)) return "Custom…";
  const { from, to } = spanOf(choice, 0);
  const isMonth = choice.month !== null && from !== null;
  if (isMonth) return new Date(from).toLocaleDateString("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });
  const wordsOf = (ms: number | null, none: string) =>
    ms === null ? none : words(new Date(ms).toISOString(), "short");
  return `${wordsOf(from, "…")} to ${wordsOf(to, "now")}`;
}
