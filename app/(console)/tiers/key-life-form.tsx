import { Card, Group, NumberInput, Switch, Text } from "@mantine/core";

const USUAL_DAYS_MAX = 90;
const DAYS_MAX = 3650;

/** Maximum lifetime of keys of a tier's tenants; existing keys keep their end. `days` null = no maximum. */
export function KeyLifeForm({ days, onChange }: { days: number | null; onChange: (days: number | null) => void }) {
  return (
    <Card component="section" aria-label="Keys of this tier">
      <Text fw={600} component="h2" fz="md">
        Keys of this tier
      </Text>
      <Text c="dimmed" size="sm" mb="sm">
        New and rotated keys expire after at most this many days. Existing keys keep their expiry.
      </Text>
      <Group align="flex-end">
        <Group h={36}>
          <Switch
            label="Keys expire"
            checked={days !== null}
            onChange={(event) => onChange(event.currentTarget.checked ? USUAL_DAYS_MAX : null)}
          />
        </Group>
        {days !== null && (
          <NumberInput
            label="After at most"
            value={days}
            min={1}
            max={DAYS_MAX}
            allowDecimal={false}
            suffix=" days"
            required
            onChange={(value) => onChange(Math.min(DAYS_MAX, Math.max(1, Number(value))))}
          />
        )}
      </Group>
    </Card>
  );
}
