"use client";

import { Button, Group, Popover, SegmentedControl, Switch } from "@mantine/core";
import { IconCalendar } from "@tabler/icons-react";
import dynamic from "next/dynamic";
import { useState } from "react";
import { useMomentWords } from "../figures/moment";
import { isPreset, PRESETS, type Preset, spanOf, type TimeChoice } from "./time-range";

// Loaded later: only a click needs it. Its height is kept, so that nothing moves below the pointer.
const CustomRange = dynamic(() => import("./custom-range").then((part) => part.CustomRange), {
  ssr: false,
  loading: () => <div style={{ height: 282 }} />,
});

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
          <CustomRange
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

function customWords(choice: TimeChoice, words: (at: string, form: "short") => string): string {
  if (isPreset(choice)) return "Custom…";
  const { from, to } = spanOf(choice, 0);
  const isMonth = choice.month !== null && from !== null;
  if (isMonth) return new Date(from).toLocaleDateString("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });
  const wordsOf = (ms: number | null, none: string) =>
    ms === null ? none : words(new Date(ms).toISOString(), "short");
  return `${wordsOf(from, "…")} to ${wordsOf(to, "now")}`;
}
