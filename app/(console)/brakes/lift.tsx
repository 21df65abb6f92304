"use client";

import { Select, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { BrakeView } from "@/lib/console/brakes/brakes";
import { scopeWords } from "@/lib/console/brakes/scope-words.shared";
import { api } from "../../_ui/data/api";
import { FormDialog } from "../../_ui/forms/dialog";
import { tellLifted } from "../../_ui/shell/undo-brake";

const RAMPS = [
  { value: "0", label: "All calls, from the next call" },
  { value: "60", label: "A growing share, over 1 minute" },
  { value: "300", label: "A growing share, over 5 minutes" },
  { value: "900", label: "A growing share, over 15 minutes" },
];

/** Lifts a brake, at once or gradually: an hour's backlog should not return in one second. */
export function Lift({ brake, onClose }: { brake: BrakeView; onClose: () => void }) {
  const queries = useQueryClient();
  const [ramp, setRamp] = useState("0");
  const body = { reason: "lifted from the list", ...(ramp === "0" ? {} : { rampSeconds: Number(ramp) }) };
  return (
    <FormDialog
      title="Lift this brake"
      label="Lift it"
      done={
        ramp === "0" ? "Calls are admitted again from the next call." : "A growing share of calls is admitted again."
      }
      submit={() => api(`brakes/${brake.id}`, { method: "DELETE", body })}
      onClose={onClose}
      onDone={() => tellLifted(brake, () => queries.invalidateQueries())}
    >
      <Text size="sm">{scopeWords(brake.scope, brake.names)} pass again.</Text>
      <Select
        label="Admitted calls"
        data={RAMPS}
        value={ramp}
        onChange={(value) => setRamp(value ?? "0")}
        allowDeselect={false}
      />
    </FormDialog>
  );
}
