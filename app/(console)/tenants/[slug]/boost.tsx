"use client";

import { Button, Group, Modal, NumberInput, Select, Stack, Text, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { OverrideView } from "@/lib/console/limits/overrides";
import type { QuotaLineView } from "@/lib/console/tenants/tenant-quota";
import { api } from "../../../_ui/data/api";
import { amount, MICRO_USD } from "../../../_ui/figures/format";
import { Failed } from "../../../_ui/shell/page-head";
import { tellUndo } from "../../../_ui/shell/undo";

const DURATIONS = [
  { value: "3600", label: "1 hour" },
  { value: "14400", label: "4 hours" },
  { value: "86400", label: "24 hours" },
  { value: "604800", label: "7 days" },
  { value: "", label: "until it is removed" },
];
const REASON_CHARS_MIN = 8;

type Line = QuotaLineView;

/**
 * Changes one limit's capacity for this tenant for a while. The next call obeys it; the use is kept. `user`, or the call
 * `requestId`: whose counter can be reset. A limit per user without either counts the callers that name none.
 */
export function Boost(props: { slug: string; line: Line; user?: string; requestId?: string; onClose: () => void }) {
  const { slug, line, user, requestId, onClose } = props;
  const scale = line.dimension === "cost_micro_usd" ? MICRO_USD : 1;
  const [capacity, setCapacity] = useState((line.limit * 2) / scale);
  const [seconds, setSeconds] = useState("14400");
  const [reason, setReason] = useState("");
  const boost = useChange(
    () => {
      const expiresInSeconds = seconds === "" ? null : Number(seconds);
      const change = { capacity: Math.round(capacity * scale), reason: reason.trim(), expiresInSeconds };
      return api<OverrideView>("overrides", { method: "POST", body: { tenant: slug, limit: line.name, ...change } });
    },
    {
      title: "In force",
      message: `${line.name} is changed. In force for the next call.`,
      onClose,
      undo: ({ id }) => api(`overrides/${id}`, { method: "DELETE", body: { reason: "undone" } }),
    },
  );
  const counter = requestId !== undefined ? { requestId } : line.layer === "user" ? { user } : {};
  const reset = useChange(
    () =>
      api(`tenants/${encodeURIComponent(slug)}/reset`, {
        method: "POST",
        body: { limit: line.name, reason: reason.trim(), ...counter },
      }),
    { title: "Counter reset", message: `The counter of ${line.name} is reset.`, onClose },
  );
  const isResettable = requestId !== undefined || line.layer === "tenant" || line.layer === "user";
  const isExplained = reason.trim().length >= REASON_CHARS_MIN;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    boost.mutate();
  };
  return (
    <Modal opened onClose={onClose} size="lg" title={`Change ${line.name} for this tenant`}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">
            Now {amount(line.dimension, line.limit)}
            {line.layer === "user" ? ", for each user of the tenant" : ""}. Current usage is kept. Afterwards the
            tier&apos;s own limit applies again.
          </Text>
          <Capacity dimension={line.dimension} value={capacity} onChange={setCapacity} />
          <Select
            label="For"
            data={DURATIONS}
            value={seconds}
            allowDeselect={false}
            onChange={(value) => setSeconds(value ?? "14400")}
          />
          <Textarea
            label="Reason"
            description={`at least ${REASON_CHARS_MIN} characters; goes to the audit log`}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            required
          />
          <Failed what="Not changed" error={boost.error ?? reset.error} />
          <Group justify="flex-end">
            {isResettable && line.dimension !== "concurrency" && (
              <Button
                variant="subtle"
                color="red"
                mr="auto"
                disabled={!isExplained}
                loading={reset.isPending}
                onClick={() => reset.mutate()}
              >
                Only reset the counter
              </Button>
            )}
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={boost.isPending} disabled={!isExplained}>
              Change it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

type CapacityOf = { dimension: Line["dimension"]; value: number; onChange: (value: number) => void };

function Capacity({ dimension, value, onChange }: CapacityOf) {
  const isMoney = dimension === "cost_micro_usd";
  return (
    <NumberInput
      label="Limit"
      description={isMoney ? "US dollars" : dimension.replaceAll("_", " ")}
      value={value}
      min={0}
      decimalScale={isMoney ? 6 : 0}
      thousandSeparator=","
      required
      onChange={(next) => onChange(Number(next))}
    />
  );
}

type Done<Answer> = {
  readonly title: string;
  readonly message: string;
  readonly onClose: () => void;
  /** takes it back; absent = nothing can */
  readonly undo?: (answer: Answer) => Promise<unknown>;
};

/** A request that reports success, offers to undo it, refreshes the page, and closes the dialog. */
function useChange<Answer>(mutationFn: () => Promise<Answer>, { title, message, onClose, undo }: Done<Answer>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: async (answer) => {
      await queries.invalidateQueries();
      if (undo === undefined) notifications.show({ color: "teal", title, message });
      else tellUndo({ id: message, title, message, undo: () => undo(answer).then(() => queries.invalidateQueries()) });
      onClose();
    },
  });
}
