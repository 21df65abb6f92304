"use client";

import { ActionIcon, CopyButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

/** Copies an id that a person takes to a ticket or a terminal. `of`: what it is, such as "request id". */
export function CopyId({ id, of }: { id: string; of: string }) {
  return (
    <CopyButton value={id}>
      {({ copied, copy }) => (
        <ActionIcon
          variant="subtle"
          color={copied ? "teal" : "gray"}
          size="sm"
          title={copied ? "Copied" : `Copy the ${of}`}
          aria-label={copied ? `Copied the ${of}` : `Copy the ${of} ${id}`}
          onClick={copy}
          style={{ verticalAlign: "middle" }}
        >
          {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
        </ActionIcon>
      )}
    </CopyButton>
  );
}
