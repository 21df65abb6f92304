"use client";

import { Group, SegmentedControl, TextInput } from "@mantine/core";
import { monthBack } from "./time-range";

/** A calendar month for monthly reports: the last whole one, the current one, or any other. */
export function MonthPicker({ month, onChange }: { month: string; onChange: (month: string | null) => void }) {
  const now = new Date();
  const [last, running] = [monthBack(now, 1), monthBack(now, 0)];
  return (
    <Group gap="xs" align="flex-end">
      <SegmentedControl
        size="sm"
        aria-label="Month"
        data={[
          { value: last, label: "Last month" },
          { value: running, label: "This month" },
        ]}
        value={month === last || month === running ? month : ""}
        onChange={onChange}
      />
      <TextInput
        type="month"
        label="Month"
        value={month}
        max={running}
        onChange={(event) => onChange(event.currentTarget.value || null)}
      />
    </Group>
  );
}
