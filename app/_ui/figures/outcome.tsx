import { Alert, Text } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";

const LOOKS = {
  good: { color: "teal", icon: <IconCheck aria-hidden /> },
  doubtful: { color: "yellow", icon: <IconAlertTriangle aria-hidden /> },
  bad: { color: "red", icon: <IconX aria-hidden /> },
} as const;
export type OutcomeKind = keyof typeof LOOKS;

/** A result, shown by icon and words; the colour is only an addition. */
export function Outcome({ kind, title, children }: { kind: OutcomeKind; title: string; children: ReactNode }) {
  return (
    <Alert {...LOOKS[kind]} role="status">
      <Text fw={600} size="sm">
        {title}
      </Text>
      {children}
    </Alert>
  );
}
