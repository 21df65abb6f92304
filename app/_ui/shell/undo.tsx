"use client";

import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { ReactNode } from "react";

const SHOWN_MS = 15_000;

type Done = {
  /** one toast per id */
  readonly id: string;
  readonly title: string;
  readonly message: ReactNode;
  readonly color?: string;
  readonly undo: () => Promise<unknown>;
};

/** Shows that something is done, and offers to undo it for a while. A failed undo is shown too. */
export function tellUndo({ id, title, message, color = "teal", undo }: Done): void {
  const take = async () => {
    notifications.hide(id);
    await undo().catch((error: unknown) =>
      notifications.show({ color: "red", title: "Not undone", message: error instanceof Error ? error.message : "" }),
    );
  };
  const shown = (
    <Group justify="space-between" gap="xs">
      {typeof message === "string" ? <Text size="sm">{message}</Text> : message}
      <Button size="compact-sm" variant="default" onClick={() => void take()}>
        Undo
      </Button>
    </Group>
  );
  notifications.show({ id, color, title, message: shown, autoClose: SHOWN_MS });
}
