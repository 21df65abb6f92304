"use client";

import { Select, TextInput } from "@mantine/core";
import { useState } from "react";
import type { RuleView } from "@/lib/console/alerts/alerts";
import { api } from "../../_ui/data/api";
import { FormDialog } from "../../_ui/forms/dialog";

/** Sends nothing for a while; findings meanwhile are stored. */
export function MuteRule({ rule, onClose }: { rule: RuleView; onClose: () => void }) {
  const [seconds, setSeconds] = useState(rule.muted === null ? "3600" : "");
  const [reason, setReason] = useState("");
  return (
    <FormDialog
      title={`Mute ${rule.name}`}
      label={seconds === "" ? "Unmute" : "Mute it"}
      done={seconds === "" ? `${rule.name} is unmuted.` : `${rule.name} is muted. Its alerts are still recorded.`}
      isReady={reason.trim() !== ""}
      submit={() =>
        api(`alert-rules/${rule.id}/mute`, {
          method: "POST",
          body: { forSeconds: seconds === "" ? null : Number(seconds), reason: reason.trim() },
        })
      }
      onClose={onClose}
    >
      <Select
        label="For"
        data={[
          { value: "3600", label: "1 hour" },
          { value: "14400", label: "4 hours" },
          { value: "86400", label: "24 hours" },
          { value: "604800", label: "7 days" },
          { value: "", label: "unmute now" },
        ]}
        value={seconds}
        allowDeselect={false}
        onChange={(value) => setSeconds(value ?? "3600")}
      />
      <TextInput
        label="Reason"
        description="goes to the audit log"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        required
        data-autofocus
      />
    </FormDialog>
  );
}
