"use client";

import { Button, Card, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconHandStop } from "@tabler/icons-react";
import { Term } from "../_ui/words/term";
import type { BrakeDraft } from "./brake-dialog";

const PARTS = [
  { scope: "tenant", label: "Tenant…" },
  { scope: "model", label: "Model…" },
  { scope: "key", label: "Key…" },
  { scope: "provider", label: "Provider…" },
] as const;

/** Stops traffic from the overview: two clicks and one typed word. */
export function BrakeCard({ onDraft }: { onDraft: (draft: BrakeDraft) => void }) {
  return (
    <Card
      h="100%"
      component="section"
      aria-label="Emergency brake"
      style={{ borderColor: "var(--mantine-color-red-8)" }}
    >
      <Stack gap="sm" justify="space-between" h="100%">
        <div>
          <Group gap={8}>
            <IconAlertTriangle size={18} color="var(--mantine-color-red-7)" aria-hidden />
            <Text fw={600}>
              Emergency <Term of="brake" />
            </Text>
          </Group>
          <Text size="sm" c="dimmed">
            Applies to the next call. Lifts automatically.
          </Text>
        </div>
        <Button
          color="red.9"
          fullWidth
          leftSection={<IconHandStop size={18} />}
          onClick={() => onDraft({ scope: "everything", name: "" })}
        >
          Stop calls…
        </Button>
        <div>
          <Text size="xs" c="dimmed" mb={4}>
            Or stop only one
          </Text>
          <SimpleGrid cols={{ base: 2, xs: 4, lg: 2 }} spacing={6} verticalSpacing={6}>
            {PARTS.map(({ scope, label }) => (
              <Button
                key={scope}
                variant="default"
                size="xs"
                aria-label={`Stop only one ${scope}…`}
                onClick={() => onDraft({ scope, name: "" })}
              >
                {label}
              </Button>
            ))}
          </SimpleGrid>
        </div>
      </Stack>
    </Card>
  );
}
