"use client";

import { Alert, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

/** A page's title, purpose, and actions. */
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

/** The error, instead of the content; a failed read can be retried. */
export function Failed({ what, error }: { what: string; error: Error | null }) {
  const queries = useQueryClient();
  if (error === null) return null;
  const failed = queries.getQueryCache().findAll({ type: "active", predicate: (one) => one.state.error === error });
  return (
    <Alert color="red" title={what} role="alert">
      <Stack align="flex-start" gap="xs">
        {error.message}
        {failed.length > 0 && (
          <Button size="xs" variant="default" onClick={() => void Promise.all(failed.map((one) => one.fetch()))}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
