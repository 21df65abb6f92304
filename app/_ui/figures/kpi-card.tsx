import { Card, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Sparkline } from "./sparkline";

/** One figure with its name and unit, and its last hour. */
export function KpiCard({
  label,
  value,
  unit,
  note,
  trend,
}: {
  label: string;
  value: string;
  unit: ReactNode;
  note?: ReactNode;
  /** the last hour by the minute, oldest first */
  trend?: readonly number[];
}) {
  return (
    <Card component="section" aria-label={label} h="100%">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={sizeOf(value)} fw={680} lh={1.2} mt={4} className="figure" data-testid={`kpi-${label}`}>
        {value}
      </Text>
      <Text size="xs" c="dimmed" mb={6}>
        {unit}
        {note !== undefined && <> · {note}</>}
      </Text>
      {/* The hour in numbers is in the chart below. */}
      <div style={{ height: 28, marginTop: "auto" }}>{trend !== undefined && <Sparkline values={trend} />}</div>
    </Card>
  );
}

/** A figure of many digits is set smaller, because a cut figure would be wrong. */
function sizeOf(value: string) {
  return value.length > LONG_CHARS ? { base: 18, sm: 22 } : { base: 22, sm: 28 };
}

const LONG_CHARS = 7;
