import { Alert } from "@mantine/core";
import { IconCalendarDue } from "@tabler/icons-react";
import type { OwnUsage } from "@/lib/gateway/routes/serve-own-books";
import { dateWords } from "./date-words";

/** Shows that the key's end or replacement is near; nothing otherwise. */
export function KeyDates({ dates }: { dates: OwnUsage["key"] }) {
  const words = dateWords(dates, Date.now());
  if (words === null) return null;
  return (
    <Alert color="orange" icon={<IconCalendarDue />} title={words} role="status">
      Ask your operators for a new key. Both work for a while, so no call fails.
    </Alert>
  );
}
