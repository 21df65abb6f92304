"use client";

import { Checkbox, Group, NumberInput, PasswordInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import type { ChannelView } from "@/lib/console/alerts/alerts";
import { api } from "../../_ui/data/api";
import { FormDialog } from "../../_ui/forms/dialog";
import { SecretOnce } from "../../_ui/forms/secret-once";

type Made = ChannelView & { readonly secret?: string };

const KINDS = [
  { value: "webhook", label: "Webhook, signed" },
  { value: "slack", label: "Slack, Mattermost, Discord" },
  { value: "smtp", label: "Mail by SMTP" },
  { value: "pagerduty", label: "PagerDuty (Events API v2)" },
];
const SMTP_PORT = 587;
/** A server at this port speaks TLS from the first byte. */
const IMPLICIT_TLS_PORT = 465;

const EMPTY = {
  kind: "webhook",
  url: "",
  isLocal: false,
  routingKey: "",
  host: "",
  port: SMTP_PORT,
  user: "",
  password: "",
  from: "",
  to: "",
};
type Filled = typeof EMPTY;
type Part = { readonly filled: Filled; readonly set: (change: Partial<Filled>) => void };

/** Adds or edits a channel. A webhook's secret is shown once, here. */
export function ChannelForm({ of, onClose }: { of: ChannelView | null; onClose: () => void }) {
  const [name, setName] = useState(of?.name ?? "");
  const [isOn, setIsOn] = useState(of?.enabled ?? true);
  const [isMoved, setIsMoved] = useState(of === null);
  const [filled, setFilled] = useState(EMPTY);
  const [made, setMade] = useState<Made | null>(null);
  const { kind } = filled;
  const set = (change: Partial<Filled>) => setFilled((before) => ({ ...before, ...change }));
  const send = () =>
    of === null
      ? api<Made>("alert-channels", { method: "POST", body: { name: name.trim(), config: configOf(filled) } })
      : api<Made>(`alert-channels/${of.id}`, {
          method: "PUT",
          body: { name: name.trim(), enabled: isOn, ...(isMoved ? { config: configOf(filled) } : {}) },
        });
  if (made?.secret !== undefined) return <WebhookSecret secret={made.secret} onClose={onClose} />;
  return (
    <FormDialog<Made>
      title={of === null ? "New channel" : `Edit ${of.name}`}
      label={of === null ? "Create" : "Save"}
      done={isMoved ? `${name} is ready. Send it a test message.` : `${name} is saved.`}
      isReady={name.trim() !== ""}
      submit={send}
      onDone={setMade}
      onClose={() => (isMoved && kind === "webhook" ? undefined : onClose())}
      onCancel={onClose}
    >
      <TextInput
        label="Name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={100}
        required
        data-autofocus
      />
      {of !== null && (
        <>
          <Checkbox
            label="Messages are sent"
            checked={isOn}
            onChange={(event) => setIsOn(event.currentTarget.checked)}
          />
          <Checkbox
            label="It goes to another address from now on"
            description={`now: ${of.leadsTo}; a webhook gets a new secret`}
            checked={isMoved}
            onChange={(event) => setIsMoved(event.currentTarget.checked)}
          />
        </>
      )}
      {isMoved && <PlaceFields filled={filled} set={set} />}
    </FormDialog>
  );
}

/** The target of messages. */
function PlaceFields({ filled, set }: Part) {
  const { kind } = filled;
  return (
    <>
      <Select
        label="Kind"
        data={KINDS}
        value={kind}
        allowDeselect={false}
        onChange={(value) => set({ kind: value ?? "webhook" })}
      />
      {hasUrl(kind) && (
        <TextInput
          label="Address"
          description={`stored encrypted; only the host is shown${kind === "slack" ? "; for Discord, end it with /slack" : ""}`}
          type="url"
          placeholder="https://"
          value={filled.url}
          onChange={(event) => set({ url: event.currentTarget.value })}
          required
        />
      )}
      {kind === "pagerduty" && (
        <TextInput
          label="Routing key"
          value={filled.routingKey}
          onChange={(event) => set({ routingKey: event.currentTarget.value })}
          required
        />
      )}
      {kind === "smtp" && <MailServer filled={filled} set={set} />}
      {kind !== "pagerduty" && (
        <Checkbox
          label="Its address is on a private network"
          checked={filled.isLocal}
          onChange={(event) => set({ isLocal: event.currentTarget.checked })}
        />
      )}
    </>
  );
}

function WebhookSecret({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <SecretOnce
      title="Webhook secret"
      note="Receivers verify messages with this secret. It is shown only once."
      secret={secret}
      testId="webhook-secret"
      onClose={onClose}
    />
  );
}

function MailServer({ filled, set }: Part) {
  return (
    <>
      <Group grow>
        <TextInput
          label="Server"
          value={filled.host}
          onChange={(event) => set({ host: event.currentTarget.value })}
          required
        />
        <NumberInput
          label="Port"
          value={filled.port}
          min={1}
          max={65_535}
          onChange={(value) => set({ port: Number(value) })}
          required
        />
      </Group>
      <Group grow>
        <TextInput
          label="User"
          value={filled.user}
          onChange={(event) => set({ user: event.currentTarget.value })}
          autoComplete="off"
        />
        <PasswordInput
          label="Password"
          value={filled.password}
          onChange={(event) => set({ password: event.currentTarget.value })}
          autoComplete="new-password"
        />
      </Group>
      <TextInput
        label="From"
        type="email"
        value={filled.from}
        onChange={(event) => set({ from: event.currentTarget.value })}
        required
      />
      <TextInput
        label="To"
        description="separate several with commas"
        value={filled.to}
        onChange={(event) => set({ to: event.currentTarget.value })}
        required
      />
    </>
  );
}

function hasUrl(kind: string): boolean {
  return kind === "webhook" || kind === "slack";
}

function configOf({ kind, url, isLocal, routingKey, host, port, user, password, from, to }: Filled) {
  if (hasUrl(kind)) return { kind, url, allowLocal: isLocal };
  if (kind === "pagerduty") return { kind, routingKey };
  const account = user === "" ? {} : { user, password };
  const receivers = to.split(",").flatMap((one) => one.trim() || []);
  return { kind, host, port, secure: port === IMPLICIT_TLS_PORT, allowLocal: isLocal, from, to: receivers, ...account };
}
