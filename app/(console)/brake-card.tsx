"use client";

import { Button, Card, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconHandStop } from "@tabler/icons-react";
import { Term } from "../_ui/words/term";
import type { BrakeDraft } from "./brake-dialog";

/** Stops traffic from the overview: two clicks and one typed word. */
export function BrakeCard({ onDraft }: { onDraft: (draft: BrakeDraft) => void }) {
  return (
    <Card
      h="100%"
      component="section"
      aria-label="Emergency brake"
      style={{ borderColor: "var(--mantine-color-red-8)" }}
    >
      <Stack gap="xs" justify="space-between" h="100%">
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
      </Stack>
    </Card>
  );
}
