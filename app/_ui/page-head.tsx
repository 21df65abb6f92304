"use client";

import { Alert, Group, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** Title of a page, what it is for, and what can be done on it. */
export function PageHead({ title, about, children }: { title: string; about: string; children?: ReactNode }) {
  return (
    <Group justify="space-between" align="flex-end">
      <div>
        <Title order={1} fz="h2">
          {title}
        </Title>
        <Text c="dimmed" size="sm">
          {about}
        </Text>
      </div>
      {children !== undefined && <Group gap="xs">{children}</Group>}
    </Group>
  );
}

/** What went wrong, in the place of what was asked for. */
export function Failed({ what, error }: { what: string; error: Error | null }) {
  if (error === null) return null;
  return (
    <Alert color="red" title={what} role="alert">
      {error.message}
    </Alert>
  );
}
