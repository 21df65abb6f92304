"use client";

import { Text } from "@mantine/core";
import { useZone, zoneWords } from "../figures/moment";

/** Says in which zone the times of a chart are. */
export function ZoneNote() {
  const [zone] = useZone();
  return (
    <Text span size="xs" c="dimmed">
      times {zoneWords(zone)}
    </Text>
  );
}
