"use client";

import { Alert, Button, Group, Modal, SegmentedControl, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconHandStop } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { BrakeView } from "@/lib/console/brakes/brakes";
import type { DryRun } from "@/lib/console/brakes/dry-run";
import { api } from "../_ui/data/api";
import { count, plural } from "../_ui/figures/format";
import { tellSet } from "../_ui/shell/undo-brake";
import { AsCallersSeeIt, CommandLine } from "./brake-preview";
import { MAIN_SCOPES, Narrowing, type Scope, type ScopeKind, ScopeName } from "./brake-scope";

export type BrakeDraft = { readonly scope: ScopeKind; readonly name: string };

/** The few things that are done in a hurry, as one click each. */
const PRESETS: readonly { label: string; mode: string; seconds: string; reason: string }[] = [
  { label: "Runaway caller", mode: "block", seconds: "900", reason: "Runaway caller: looking into it" },
  { label: "Cut it now", mode: "cut", seconds: "900", reason: "Cost runaway: running streams are cut" },
  { label: "Provider incident", mode: "block", seconds: "1800", reason: "Upstream incident at the provider" },
  { label: "Save money", mode: "degrade", seconds: "3600", reason: "Served by cheaper models for an hour" },
];
const DURATIONS = [
  { value: "900", label: "15 min" },
  { value: "1800", label: "30 min" },
  { value: "3600", label: "60 min" },
  { value: "0", label: "No end" },
];
const MODES = [
  { value: "block", label: "Stop new calls; running ones finish" },
  { value: "drain", label: "Stop new calls; running ones get a minute" },
  { value: "cut", label: "Stop new calls and cut running streams" },
  { value: "degrade", label: "Degrade: refuse nothing, serve by the tier's cheaper models" },
  { value: "observe", label: "Observe: refuse nothing, count what it would refuse" },
];
const REASON_CHARS_MIN = 8;

/** Scope, mode, reason, duration, and the scope's name typed again. */
export function BrakeDialog({ draft, onClose }: { draft: BrakeDraft; onClose: () => void }) {
  const queries = useQueryClient();
  const [scope, setScope] = useState<ScopeKind>(draft.scope);
  const [name, setName] = useState(draft.name);
  const [mode, setMode] = useState("block");
  const [reason, setReason] = useState("");
  const [seconds, setSeconds] = useState("1800");
  const [typed, setTyped] = useState("");
  const [publicMessage, setPublicMessage] = useState("");
  const [narrowed, setNarrowed] = useState<Scope>({});
  const isNamed = scope === "everything" || name !== "";
  const covered: Scope = { ...(scope === "everything" ? {} : { [scope]: name }), ...narrowed };
  const word = isNamed ? Object.values(covered).join(" ") || "ALL" : "";
  const order = {
    scope: covered,
    mode,
    reason: reason.trim(),
    expiresInSeconds: seconds === "0" ? null : Number(seconds),
    ...(publicMessage.trim() === "" ? {} : { publicMessage: publicMessage.trim() }),
  };
  const isReady = typed === word && word !== "" && reason.trim().length >= REASON_CHARS_MIN;

  const press = useMutation({
    mutationFn: () => api<BrakeView>("brakes", { method: "POST", body: order }),
    onSuccess: async (brake) => {
      await queries.invalidateQueries();
      tellSet(brake, () => queries.invalidateQueries());
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) press.mutate();
  };

  return (
    <Modal opened onClose={onClose} title="Stop calls" size="lg">
      <form onSubmit={submit}>
        <Stack>
          <div>
            <Text size="sm" fw={500} mb={4} id="brake-scope">
              What to stop
            </Text>
            <SegmentedControl
              fullWidth
              aria-labelledby="brake-scope"
              value={scope}
              onChange={(value) => {
                setScope(asScope(value));
                setName("");
                setTyped("");
              }}
              data={[
                { value: "everything", label: "All" },
                { value: "tenant", label: "Tenant" },
                { value: "model", label: "Model" },
                { value: "key", label: "Key" },
              ]}
            />
          </div>
          <ScopeName scope={scope} name={name} onName={setName} />
          <Narrowing narrowed={narrowed} onChange={setNarrowed} />
          {word === "ALL" && mode !== "degrade" && mode !== "observe" && (
            <Alert color="red" icon={<IconAlertTriangle />}>
              Every call of every tenant is refused.
            </Alert>
          )}
          {isNamed && <WhatItMeets scope={covered} />}
          <Group gap={6} role="group" aria-labelledby="brake-presets">
            <Text size="sm" c="dimmed" id="brake-presets">
              In a hurry:
            </Text>
            {PRESETS.map((one) => (
              <Button
                key={one.label}
                size="compact-sm"
                variant="default"
                onClick={() => {
                  setMode(one.mode);
                  setSeconds(one.seconds);
                  setReason(one.reason);
                }}
              >
                {one.label}
              </Button>
            ))}
          </Group>
          <Select
            label="How"
            data={MODES}
            value={mode}
            onChange={(value) => setMode(value ?? "block")}
            allowDeselect={false}
          />
          <Textarea
            label="Reason"
            description="Goes to the audit log, and to callers unless you write another message for them."
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            autosize
            minRows={2}
            required
          />
          <div>
            <Text size="sm" fw={500} mb={4} id="brake-duration">
              For how long
            </Text>
            <SegmentedControl
              fullWidth
              aria-labelledby="brake-duration"
              value={seconds}
              onChange={setSeconds}
              data={DURATIONS}
              styles={{ label: { paddingInline: 4 } }}
            />
          </div>
          <TextInput
            label="Message for callers"
            description="Default: the reason."
            value={publicMessage}
            maxLength={300}
            onChange={(event) => setPublicMessage(event.currentTarget.value)}
          />
          <AsCallersSeeIt note={publicMessage.trim() || reason.trim()} seconds={Number(seconds)} mode={mode} />
          <TextInput
            label={word === "" ? "Type the name to confirm" : `Type ${word} to confirm`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            disabled={word === ""}
          />
          <CommandLine order={order} />
          {press.error !== null && (
            <Alert color="red" role="alert">
              {press.error.message}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button
              type="submit"
              color="red.9"
              disabled={!isReady}
              loading={press.isPending}
              leftSection={<IconHandStop size={18} />}
            >
              {mode === "degrade" ? "Degrade" : mode === "observe" ? "Watch" : "Stop"}{" "}
              {word === "ALL" ? "all calls" : `calls of ${word || "…"}`}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** Live: what runs, and what came in lately, of what is about to be stopped. */
function WhatItMeets({ scope }: { scope: Scope }) {
  const met = useQuery({
    queryKey: ["dry-run", JSON.stringify(scope)],
    queryFn: () => api<DryRun>("brakes/dry-run", { method: "POST", body: { scope } }),
    refetchInterval: DRY_RUN_MS,
  });
  if (met.data === undefined) return <Text size="sm">Checking which calls match…</Text>;
  const { running, runningTenants, callsPerMinute, tenants } = met.data;
  return (
    <Text size="sm" role="status">
      Meets {plural(running, "running call")} of {plural(runningTenants, "tenant")}, and about {count(callsPerMinute)}{" "}
      calls per minute of {plural(tenants, "tenant")}.
    </Text>
  );
}

const DRY_RUN_MS = 2000;

function asScope(value: string): ScopeKind {
  return MAIN_SCOPES.find((one) => one === value) ?? "everything";
}
