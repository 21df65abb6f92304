"use client";

import { NumberInput, TextInput } from "@mantine/core";

const REASON_CHARS_MIN = 8;

/** An amount in US dollars; the API uses micro-dollars. */
export function MoneyInput({
  label,
  description,
  value,
  onChange,
}: {
  label: string;
  description: string;
  value: number;
  onChange: (dollars: number) => void;
}) {
  return (
    <NumberInput
      label={label}
      description={description}
      value={value}
      min={0}
      decimalScale={6}
      thousandSeparator=","
      onChange={(given) => onChange(Number(given))}
      required
    />
  );
}

/** The reason of an action, for the audit log. */
export function ReasonInput({ value, onChange }: { value: string; onChange: (reason: string) => void }) {
  return (
    <TextInput
      label="Reason"
      description={`at least ${REASON_CHARS_MIN} characters; goes to the audit log`}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      required
    />
  );
}

export function isReason(text: string): boolean {
  return text.trim().length >= REASON_CHARS_MIN;
}
