"use client";

import { Button } from "@mantine/core";

/** A small button in a row of a table or a card; its name includes the row's. */
export function Act({ label, of, onClick }: { label: string; of: string; onClick: () => void }) {
  return (
    <Button variant="subtle" size="compact-xs" onClick={onClick} aria-label={`${label} ${of}`}>
      {label}
    </Button>
  );
}
