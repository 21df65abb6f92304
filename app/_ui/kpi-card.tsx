import { Card, Text } from "@mantine/core";
import type { ReactNode } from "react";

/** One figure with its name and its unit. */
export function KpiCard({
  label,
  value,
  unit,
  note,
}: {
  label: string;
  value: string;
  unit: string;
  note?: ReactNode;
}) {
  return (
    <Card component="section" aria-label={label} h="100%">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={28} fw={680} lh={1.2} mt={4} className="figure" data-testid={`kpi-${label}`}>
        {value}
      </Text>
      <Text size="xs" c="dimmed">
        {unit}
        {note !== undefined && <> · {note}</>}
      </Text>
    </Card>
  );
}
