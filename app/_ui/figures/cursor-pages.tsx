"use client";

import { Button, Group } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";

/**
 * First and next page of a list that the server pages; hidden while all of it fits. The browser's back button leads to
 * the previous page, because each page has its own address.
 */
export function CursorPages({
  of,
  next,
  isFirst,
  onPlace,
}: {
  /** "tenants" */
  of: string;
  next: string | null;
  isFirst: boolean;
  onPlace: (after: string | null) => void;
}) {
  if (isFirst && next === null) return null;
  return (
    <Group justify="flex-end" gap="xs" component="nav" aria-label={`Pages of ${of}`}>
      <Button
        variant="default"
        leftSection={<IconChevronLeft size={16} />}
        disabled={isFirst}
        onClick={() => onPlace(null)}
      >
        First page
      </Button>
      <Button
        variant="default"
        rightSection={<IconChevronRight size={16} />}
        disabled={next === null}
        onClick={() => onPlace(next)}
      >
        Next page
      </Button>
    </Group>
  );
}
