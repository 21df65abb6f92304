"use client";

import { Text } from "@mantine/core";
import { useZone, zoneWords } from "../figures/moment";

/** Shows the zone of a chart's times. */
export function ZoneNote() {
  const [zone] = useZone();
  return (
    <Text span size="xs" c="dimmed">
      times {zoneWords(zone)}
    </Text>
  );
}
