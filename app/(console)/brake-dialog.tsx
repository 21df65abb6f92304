"use client";

import { Alert, Button, Group, Modal, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconHandStop } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { BrakeView } from "@/lib/console/brakes/brakes";
import type { DryRun } from "@/lib/console/brakes/dry-run";
import { api } from "../_ui/data/api";
import { count, plural } from "../_ui/figures/format";
import { tellSet } from "../_ui/shell/undo-brake";
import { type BrakeHow, HowToStop } from "./brake-how";
import { AsCallersSeeIt, CommandLine } from "./brake-preview";
import { MAIN_SCOPES, Narrowing, type Scope, type ScopeKind, ScopeName } from "./brake-scope";

export type BrakeDraft = {
  readonly scope: ScopeKind;
  readonly name: string;
  /** further conditions on a call; absent = none */
  readonly narrowed?: Scope;
};

const REASON_CHARS_MIN = 8;

/** Scope, mode, reason, duration, and the scope's name typed again. */
export function BrakeDialog({ draft, onClose }: { draft: BrakeDraft; onClose: () => void }) {
  const queries = useQueryClient();
  const [scope, setScope] = useState<ScopeKind>(draft.scope);
  const [name, setName] = useState(draft.name);
  const [how, setHow] = useState<BrakeHow>({ mode: "block", seconds: "1800", reason: "" });
  const [typed, setTyped] = useState("");
  const [publicMessage, setPublicMessage] = useState("");
  const [narrowed, setNarrowed] = useState<Scope>(draft.narrowed ?? {});
  const isNamed = scope === "everything" || name !== "";
  const covered: Scope = { ...(scope === "everything" ? {} : { [scope]: name }), ...narrowed };
  const word = isNamed ? Object.values(covered).join(" ") || "ALL" : "";
  const order = orderOf(covered, how, publicMessage.trim());
  const isReady = typed === word && word !== "" && order.reason.length >= REASON_CHARS_MIN;
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
  const choose = (next: ScopeKind) => {
    setScope(next);
    setName("");
    setTyped("");
    if (next === "provider") setNarrowed(({ provider: _was, ...others }) => others);
  };
  return (
    <Modal opened onClose={onClose} title="Stop calls" size="lg">
      <form onSubmit={submit}>
        <Stack>
          <MainScope scope={scope} onChange={choose} />
          <ScopeName scope={scope} name={name} onName={setName} />
          <Narrowing scope={scope} narrowed={narrowed} onChange={setNarrowed} />
          {word === "ALL" && how.mode !== "degrade" && how.mode !== "observe" && (
            <Alert color="red" icon={<IconAlertTriangle />}>
              Every call of every tenant is refused.
            </Alert>
          )}
          {isNamed && <WhatItMeets scope={covered} />}
          <HowToStop
            how={how}
            set={(change) => setHow((before) => ({ ...before, ...change }))}
            isFirst={draft.name !== ""}
          />
          <TextInput
            label="Message for callers"
            description="Default: the reason."
            value={publicMessage}
            maxLength={300}
            onChange={(event) => setPublicMessage(event.currentTarget.value)}
          />
          <AsCallersSeeIt note={publicMessage.trim() || order.reason} seconds={Number(how.seconds)} mode={how.mode} />
          <CommandLine order={order} />
          {/* In view without scrolling, on a phone too. */}
          <Stack gap="xs" className="dialog-end">
            {press.error !== null && (
              <Alert color="red" role="alert">
                {press.error.message}
              </Alert>
            )}
            <TextInput
              label={word === "" ? "Type the name to confirm" : `Type ${word} to confirm`}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              autoComplete="off"
              spellCheck={false}
              disabled={word === ""}
            />
            <Buttons
              label={buttonLabel(how.mode, word)}
              isReady={isReady}
              isPending={press.isPending}
              onClose={onClose}
            />
          </Stack>
        </Stack>
      </form>
    </Modal>
  );
}

function MainScope({ scope, onChange }: { scope: ScopeKind; onChange: (scope: ScopeKind) => void }) {
  return (
    <div>
      <Text size="sm" fw={600} mb={4} id="brake-scope">
        What to stop
      </Text>
      <SegmentedControl
        fullWidth
        aria-labelledby="brake-scope"
        value={scope}
        onChange={(value) => onChange(asScope(value))}
        styles={{ label: { paddingInline: 4 } }}
        data={[
          { value: "everything", label: "All" },
          { value: "tenant", label: "Tenant" },
          { value: "model", label: "Model" },
          { value: "key", label: "Key" },
          { value: "provider", label: "Provider" },
        ]}
      />
    </div>
  );
}

type ButtonsOf = { label: string; isReady: boolean; isPending: boolean; onClose: () => void };

function Buttons({ label, isReady, isPending, onClose }: ButtonsOf) {
  return (
    <Group justify="flex-end">
      <Button variant="default" onClick={onClose}>
        Cancel
      </Button>
      <Button
        type="submit"
        color="red.9"
        disabled={!isReady}
        loading={isPending}
        leftSection={<IconHandStop size={18} />}
      >
        {label}
      </Button>
    </Group>
  );
}

function buttonLabel(mode: string, word: string): string {
  const verb = mode === "degrade" ? "Degrade" : mode === "observe" ? "Watch" : "Stop";
  return `${verb} ${word === "ALL" ? "all calls" : `calls of ${word || "…"}`}`;
}

/** The body of the request that sets the brake. */
function orderOf(scope: Scope, { mode, seconds, reason }: BrakeHow, publicMessage: string) {
  return {
    scope,
    mode,
    reason: reason.trim(),
    expiresInSeconds: seconds === "0" ? null : Number(seconds),
    ...(publicMessage === "" ? {} : { publicMessage }),
  };
}

/** Live: running and recent calls that the brake would stop. */
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
      Affects {plural(running, "running call")} of {plural(runningTenants, "tenant")}, and about {count(callsPerMinute)}{" "}
      calls per minute of {plural(tenants, "tenant")}.
    </Text>
  );
}

const DRY_RUN_MS = 2000;

function asScope(value: string): ScopeKind {
  return MAIN_SCOPES.find((one) => one === value) ?? "everything";
}
