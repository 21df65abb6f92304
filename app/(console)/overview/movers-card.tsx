"use client";

import { Anchor, Card, Group, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import Link from "next/link";
import type { MoversView } from "@/lib/console/overview/movers/movers";
import { MEASURES, type Measure } from "@/lib/console/overview/movers/top-movers.shared";
import { changeWords } from "../../_ui/figures/change-words";
import { logOf, MEASURE_WORDS, measured } from "./mover-words";

const HEIGHT = 132;

/** The tenants whose calls, tokens, spend and refusals differ most from the same hour of the day before. */
export function MoversCard({ seen }: { seen: MoversView | undefined }) {
  return (
    <Card component="section" aria-label="Top movers" mih={HEIGHT}>
      <Group justify="space-between" gap="xs" mb="xs">
        <Text fw={600}>Top movers</Text>
        <Text size="xs" c="dimmed">
          last hour compared with the same hour yesterday
        </Text>
      </Group>
      {seen === undefined ? (
        <Skeleton h={76} />
      ) : (
        <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="md" verticalSpacing="sm">
          {MEASURES.map((measure) => (
            <OfMeasure key={measure} measure={measure} seen={seen} />
          ))}
        </SimpleGrid>
      )}
    </Card>
  );
}

function OfMeasure({ measure, seen }: { measure: Measure; seen: MoversView }) {
  const movers = seen.movers[measure];
  return (
    <Stack gap={2}>
      <Text size="sm" c="dimmed">
        {MEASURE_WORDS[measure]}
      </Text>
      {movers.length === 0 && <Text size="sm">No change</Text>}
      {movers.map(({ slug, name, now, before }) => (
        <Group key={slug} justify="space-between" gap="xs" wrap="nowrap">
          <Anchor component={Link} href={logOf(measure, slug, seen)} size="sm" truncate underline="always" miw={0}>
            {name}
          </Anchor>
          <Text size="sm" className="figure" style={{ whiteSpace: "nowrap" }}>
            {measured(measure, now)}{" "}
            <Text span size="xs" c="dimmed">
              {changeWords(now, before)}
            </Text>
          </Text>
        </Group>
      ))}
    </Stack>
  );
}
