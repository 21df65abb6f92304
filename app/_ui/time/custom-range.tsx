"use client";

import { Button, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useZone, zoneWords } from "../figures/moment";
import { fieldOf, momentIn, spanOf, type TimeChoice } from "./time-range";

type Props = { readonly choice: TimeChoice; readonly onChange: (choice: TimeChoice) => void };

/** From one moment to another, or a calendar month. */
export function CustomRange({ choice, onChange }: Props) {
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
        // It comes after the popover has looked for its first field.
        autoFocus
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
