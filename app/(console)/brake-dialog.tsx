"use client";

import { Alert, Button, Group, Modal, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconHandStop } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { BrakeView } from "@/lib/console/brakes/brakes";
import type { DryRun } from "@/lib/console/brakes/dry-run";
import { api } from "../_ui/data/api";
import { useIsOfAll } from "../_ui/data/live";
import { count, plural } from "../_ui/figures/format";
import { tellSet } from "../_ui/shell/undo-brake";
import { type BrakeHow, HowToStop } from "./brake-how";
import { AsCallersSeeIt, CommandLine } from "./brake-preview";
import { MAIN_SCOPES, Narrowing, OWN_SCOPES, type Scope, type ScopeKind, ScopeName } from "./brake-scope";
import { useScopeCalled } from "./brakes/scope-called";

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
  const offered = useIsOfAll() ? MAIN_SCOPES : OWN_SCOPES;
  const meant = offered.find((one) => one === draft.scope);
  const [scope, setScope] = useState<ScopeKind>(meant ?? "tenant");
  const [name, setName] = useState(meant === undefined ? "" : draft.name);
  const [how, setHow] = useState<BrakeHow>({ mode: "block", seconds: "1800", reason: "" });
  const [typed, setTyped] = useState("");
  const [publicMessage, setPublicMessage] = useState("");
  const [narrowed, setNarrowed] = useState<Scope>(draft.narrowed ?? {});
  const isNamed = scope === "everything" || name !== "";
  const covered: Scope = { ...(scope === "everything" ? {} : { [scope]: name }), ...narrowed };
  const word = isNamed ? Object.values(covered).join(" ") || "ALL" : "";
  const called = useScopeCalled(covered);
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
    <Modal opened onClose={onClose} title={isNamed && word !== "ALL" ? `Stop ${called}` : "Stop calls"} size="lg">
      <form onSubmit={submit}>
        <Stack>
          <MainScope scope={scope} offered={offered} onChange={choose} />
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
              label={`${verbOf(how.mode)} ${isNamed ? called : "calls of …"}`}
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

type MainOf = { scope: ScopeKind; offered: readonly ScopeKind[]; onChange: (scope: ScopeKind) => void };

function MainScope({ scope, offered, onChange }: MainOf) {
  return (
    <div>
      <Text size="sm" fw={600} mb={4} id="brake-scope">
        What to stop
      </Text>
      <SegmentedControl
        fullWidth
        aria-labelledby="brake-scope"
        value={scope}
        onChange={onChange}
        styles={{ label: { paddingInline: 4 } }}
        data={offered.map((value) => ({ value, label: SCOPE_WORDS[value] }))}
      />
    </div>
  );
}

const SCOPE_WORDS = { everything: "All", tenant: "Tenant", model: "Model", key: "Key", provider: "Provider" };

type ButtonsOf = { label: string; isReady: boolean; isPending: boolean; onClose: () => void };

function Buttons({ label, isReady, isPending, onClose }: ButtonsOf) {
  return (
    <Group justify="flex-end" wrap="nowrap">
      <Button variant="default" onClick={onClose}>
        Cancel
      </Button>
      <Button
        type="submit"
        color="red.9"
        disabled={!isReady}
        loading={isPending}
        leftSection={<IconHandStop size={18} />}
        // A long name takes a second line, on a phone too.
        styles={{
          root: { height: "auto", minHeight: 36, flexShrink: 1 },
          label: { whiteSpace: "normal", overflow: "visible", lineHeight: 1.25 },
        }}
        py={6}
      >
        {label}
      </Button>
    </Group>
  );
}

function verbOf(mode: string): string {
  return mode === "degrade" ? "Degrade" : mode === "observe" ? "Watch" : "Stop";
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
  if (met.error !== null) {
    return (
      <Text size="sm" role="status">
        The calls that it affects could not be counted: {met.error.message}
      </Text>
    );
  }
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
