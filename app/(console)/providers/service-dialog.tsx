"use client";

import { TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "../../_ui/data/api";
import { FormDialog } from "../../_ui/forms/dialog";

const REASON_CHARS_MAX = 500;

/** A provider, or one of its further credentials, to take out of service or put back. */
export type Service = {
  readonly slug: string;
  /** by name; null = the whole provider */
  readonly credential: string | null;
  /** the new state */
  readonly inService: boolean;
};

/** Asks for the reason, and changes it from the next call on. */
export function ServiceDialog({ slug, credential, inService, onClose }: Service & { onClose: () => void }) {
  const [reason, setReason] = useState("");
  const name = credential === null ? slug : `${slug}'s credential ${credential}`;
  const only = credential === null ? {} : { credential };
  return (
    <FormDialog
      title={inService ? `Put ${name} back` : `Take ${name} out`}
      label={inService ? "Put back" : "Take out"}
      done={inService ? `${name} is in service.` : `${name} is out of service.`}
      isReady={reason.trim() !== ""}
      submit={() => api(`upstream/${slug}`, { method: "PUT", body: { inService, reason, ...only } })}
      onClose={onClose}
    >
      <TextInput
        label="Reason"
        description={
          inService
            ? "Its cool-downs end before the next call."
            : "Its calls go to other credentials or fallbacks, or are refused."
        }
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        maxLength={REASON_CHARS_MAX}
        required
      />
    </FormDialog>
  );
}
