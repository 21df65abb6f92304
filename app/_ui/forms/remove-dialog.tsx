"use client";

import { Text } from "@mantine/core";
import { useState } from "react";
import { api } from "../data/api";
import { FormDialog } from "./dialog";
import { isReason, ReasonInput } from "./inputs";

/** Asks for the reason of a removal, and removes the object. */
export function RemoveDialog({
  what,
  note,
  path,
  onClose,
}: {
  /** "provider acme" */
  what: string;
  note: string;
  path: string;
  onClose: () => void;
}) {
  const [reason, setReason] = useState("");
  return (
    <FormDialog
      title={`Remove ${what}`}
      label="Remove"
      colour="red.9"
      done={`The ${what} is removed.`}
      isReady={isReason(reason)}
      submit={() => api(path, { method: "DELETE", body: { reason } })}
      onClose={onClose}
    >
      <Text size="sm">{note}</Text>
      <ReasonInput value={reason} onChange={setReason} />
    </FormDialog>
  );
}
