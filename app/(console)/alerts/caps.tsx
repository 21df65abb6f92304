"use client";

import { NumberInput, SimpleGrid, Text } from "@mantine/core";

/** Caps on what all tenants together use per minute; null = no cap. Money in US dollars. */
export type Caps = { readonly calls: number | null; readonly tokens: number | null; readonly dollars: number | null };
export const NO_CAPS: Caps = { calls: null, tokens: null, dollars: 100 };

const MICRO = 1_000_000;

/** Whether a rule with these caps watches anything. */
export function hasCap({ calls, tokens, dollars }: Caps): boolean {
  return [calls, tokens, dollars].some((cap) => cap !== null && cap > 0);
}

/** In the API's form: only those that are set. */
export function capMembers({ calls, tokens, dollars }: Caps): Readonly<Record<string, number>> {
  return {
    ...(calls === null ? {} : { callsPerMinute: calls }),
    ...(tokens === null ? {} : { tokensPerMinute: tokens }),
    ...(dollars === null ? {} : { microUsdPerMinute: Math.round(dollars * MICRO) }),
  };
}

/** Fields of the emergency cap: calls, tokens and dollars a minute. The first one exceeded sets the brake. */
export function CapFields({ caps, onChange }: { readonly caps: Caps; readonly onChange: (caps: Caps) => void }) {
  const field = (label: string, member: keyof Caps, decimals: number) => (
    <NumberInput
      label={label}
      placeholder="no cap"
      value={caps[member] ?? ""}
      min={0}
      decimalScale={decimals}
      thousandSeparator=","
      onChange={(next) => onChange({ ...caps, [member]: next === "" || Number(next) <= 0 ? null : Number(next) })}
    />
  );
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
        {field("Calls per minute", "calls", 0)}
        {field("Tokens per minute", "tokens", 0)}
        {field("US dollars per minute", "dollars", 4)}
      </SimpleGrid>
      <Text size="sm" c="dimmed">
        Of all tenants together; the first that is passed counts. The brake stops the key that uses most, or its tenant
        if that is not enough.
      </Text>
    </>
  );
}
