"use client";

import { Checkbox, Group, NumberInput, PasswordInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import type { ChannelView } from "@/lib/console/alerts/alerts";
import { api } from "../../_ui/data/api";
import { FormDialog } from "../../_ui/forms/dialog";
import { SecretOnce } from "../../_ui/forms/secret-once";

type Made = ChannelView & { readonly secret?: string };

const KINDS = [
  { value: "webhook", label: "Webhook, signed (Standard Webhooks)" },
  { value: "slack", label: "Slack, Mattermost or Discord (/slack)" },
  { value: "smtp", label: "Mail by SMTP" },
  { value: "pagerduty", label: "PagerDuty (Events API v2)" },
];
const SMTP_PORT = 587;

/** Where messages go. A webhook's secret is shown once, here. */
export function NewChannel({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState("webhook");
  const [url, setUrl] = useState("");
  const [isLocal, setIsLocal] = useState(false);
  const [routingKey, setRoutingKey] = useState("");
  const [host, setHost] = useState("");
  const [port, setPort] = useState(SMTP_PORT);
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [made, setMade] = useState<Made | null>(null);
  const hasUrl = kind === "webhook" || kind === "slack";
  const config = () => {
    if (hasUrl) return { kind, url, allowLocal: isLocal };
    if (kind === "pagerduty") return { kind, routingKey };
    const account = user === "" ? {} : { user, password };
    const receivers = to.split(",").flatMap((one) => one.trim() || []);
    return { kind, host, port, secure: port === 465, allowLocal: isLocal, from, to: receivers, ...account };
  };
  if (made?.secret !== undefined) {
    const note = "Receivers verify messages with it. It is shown only once.";
    return (
      <SecretOnce
        title="The webhook's secret"
        note={note}
        secret={made.secret}
        testId="webhook-secret"
        onClose={onClose}
      />
    );
  }
  return (
    <FormDialog<Made>
      title="New channel"
      label="Create"
      done={`${name} is ready. Send it a test message.`}
      isReady={name.trim() !== ""}
      submit={() => api<Made>("alert-channels", { method: "POST", body: { name: name.trim(), config: config() } })}
      onDone={setMade}
      onClose={() => (kind === "webhook" ? undefined : onClose())}
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
      <Select
        label="Kind"
        data={KINDS}
        value={kind}
        allowDeselect={false}
        onChange={(value) => setKind(value ?? "webhook")}
      />
      {hasUrl && (
        <TextInput
          label="Address"
          description="stored encrypted; only its host is shown"
          type="url"
          placeholder="https://"
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          required
        />
      )}
      {kind === "pagerduty" && (
        <TextInput
          label="Routing key"
          value={routingKey}
          onChange={(event) => setRoutingKey(event.currentTarget.value)}
          required
        />
      )}
      {kind === "smtp" && (
        <>
          <Group grow>
            <TextInput label="Server" value={host} onChange={(event) => setHost(event.currentTarget.value)} required />
            <NumberInput
              label="Port"
              value={port}
              min={1}
              max={65_535}
              onChange={(value) => setPort(Number(value))}
              required
            />
          </Group>
          <Group grow>
            <TextInput
              label="User"
              value={user}
              onChange={(event) => setUser(event.currentTarget.value)}
              autoComplete="off"
            />
            <PasswordInput
              label="Password"
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              autoComplete="new-password"
            />
          </Group>
          <TextInput
            label="From"
            type="email"
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
            required
          />
          <TextInput
            label="To"
            description="several are separated by commas"
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
            required
          />
        </>
      )}
      {kind !== "pagerduty" && (
        <Checkbox
          label="It is on a private network"
          checked={isLocal}
          onChange={(event) => setIsLocal(event.currentTarget.checked)}
        />
      )}
    </FormDialog>
  );
}
