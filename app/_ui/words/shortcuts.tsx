"use client";

import { Group, Kbd, Modal, Stack, Text } from "@mantine/core";

type Page = { readonly label: string; readonly key: string };

/** The list of keyboard shortcuts for "?". */
export function Shortcuts({ pages, onClose }: { pages: readonly Page[]; onClose: () => void }) {
  const lines = [
    { label: "Find anything", keys: ["Ctrl", "K"] },
    ...pages.map(({ label, key }) => ({ label, keys: ["g", key] })),
  ];
  return (
    <Modal opened onClose={onClose} title="Keyboard shortcuts">
      <Stack gap={6}>
        {lines.map(({ label, keys }) => (
          <Group key={label} justify="space-between">
            <Text size="sm">{label}</Text>
            <Group gap={4}>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </Group>
          </Group>
        ))}
      </Stack>
    </Modal>
  );
}
