import { Alert } from "@mantine/core";
import { IconCalendarDue } from "@tabler/icons-react";
import type { OwnUsage } from "@/lib/gateway/routes/serve-own-books";
import { dateAdvice, dateWords } from "./date-words";

/** Shows that the key's end or replacement is near; nothing otherwise. */
export function KeyDates({ dates }: { dates: OwnUsage["key"] }) {
  const now = Date.now();
  // A rotation that is done is due no more.
  const near = dates.is_rotated ? { ...dates, rotate_by: null } : dates;
  const words = dateWords(near, now);
  if (words === null) return null;
  return (
    <Alert color="orange" icon={<IconCalendarDue />} title={words} role="status">
      {dates.is_rotated ? "Use the new key." : `${dateAdvice(near, now)} Both work for a while, so no call fails.`}
    </Alert>
  );
}
