"use client";

import { Button, NumberInput, PasswordInput, Select, SimpleGrid, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { LIMIT_CHOICES } from "@/lib/console/limits/limit-choices.shared";
import { PROVIDER_KINDS } from "@/lib/console/providers/provider-kinds.shared";
import { api } from "../../_ui/data/api";
import type { ProviderView } from "../../_ui/data/catalog";
import { FormDialog } from "../../_ui/forms/dialog";
import { NameAndSlug } from "../../_ui/forms/name-and-slug";
import { slugOf } from "../../_ui/forms/slug";
import { FurtherCredentials } from "./further-credentials";
import {
  type CredentialFrom,
  EMPTY,
  type Filled,
  filledFor,
  filledFrom,
  providerBody,
  withField,
} from "./provider-body";

const DIALECTS = [
  { value: "openai", label: "OpenAI's API" },
  { value: "anthropic", label: "Anthropic's API" },
];

type Part = { readonly filled: Filled; readonly set: (change: Partial<Filled>) => void };

/** Adds a provider, or changes it from the next call on. */
export function ProviderDialog({
  of,
  onClose,
  onSaved,
}: {
  /** null = a new one */
  of: ProviderView | null;
  onClose: () => void;
  onSaved: (slug: string) => void;
}) {
  const [filled, setFilled] = useState<Filled>(of === null ? EMPTY : filledFrom(of));
  const [isMoreOpen, setIsMoreOpen] = useState(false);
  const set = (change: Partial<Filled>) => setFilled((before) => ({ ...before, ...change }));
  const slug = filled.slug ?? slugOf(filled.name);
  return (
    <FormDialog
      title={of === null ? "New provider" : `Edit ${of.name}`}
      label={of === null ? "Create and test" : "Save and test"}
      done={`${filled.name} is saved.`}
      isReady={slug !== "" && filled.baseUrl.trim() !== ""}
      submit={() => api(`providers/${slug}`, { method: "PUT", body: providerBody(filled) })}
      onDone={() => onSaved(slug)}
      onClose={onClose}
    >
      {of === null && <KindFields filled={filled} onChange={setFilled} />}
      <NameFields filled={filled} set={set} slug={slug} isNew={of === null} />
      <CredentialFields filled={filled} set={set} last4={of?.credentialLast4 ?? null} />
      <FurtherCredentials
        further={filled.credentials}
        weight={filled.credentialWeight}
        onChange={(credentials) => set({ credentials })}
        onWeight={(credentialWeight) => set({ credentialWeight })}
      />
      <Switch
        label="Allow a local or private address"
        description="for vLLM, Ollama or your own server; also allows http"
        checked={filled.allowLocal}
        onChange={(event) => set({ allowLocal: event.currentTarget.checked })}
      />
      <Button variant="subtle" size="compact-sm" aria-expanded={isMoreOpen} onClick={() => setIsMoreOpen(!isMoreOpen)}>
        {isMoreOpen ? "Fewer settings" : "Limits, timeouts and behaviour"}
      </Button>
      {isMoreOpen && <MoreFields filled={filled} set={set} />}
    </FormDialog>
  );
}

/** Its known kind, and the missing parts of its address. */
function KindFields({ filled, onChange }: { filled: Filled; onChange: (filled: Filled) => void }) {
  const kind = PROVIDER_KINDS.of(filled.preset);
  return (
    <>
      <Select
        label="Kind"
        description={kind?.label ?? "any server that speaks the OpenAI or Anthropic dialect"}
        data={[
          { value: "", label: "another one" },
          ...PROVIDER_KINDS.all.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        value={filled.preset ?? ""}
        allowDeselect={false}
        searchable
        onChange={(value) => onChange(filledFor(value === "" ? null : value, filled))}
      />
      {kind?.fields.map(({ name, label, example }) => (
        <TextInput
          key={name}
          label={label}
          placeholder={example}
          value={filled.fields[name] ?? ""}
          onChange={(event) => onChange(withField(filled, name, event.currentTarget.value))}
          required
          maxLength={128}
        />
      ))}
    </>
  );
}

function NameFields({ filled, set, slug, isNew }: Part & { slug: string; isNew: boolean }) {
  return (
    <>
      {isNew ? (
        <NameAndSlug
          named={{ name: filled.name, slug, setName: (name) => set({ name }), setSlug: (own) => set({ slug: own }) }}
          refer="brakes and reports"
        />
      ) : (
        <TextInput
          label="Name"
          value={filled.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
          required
          maxLength={100}
          data-autofocus
        />
      )}
      <Select
        label="It speaks"
        data={DIALECTS}
        value={filled.dialect}
        allowDeselect={false}
        onChange={(value) => set({ dialect: value === "anthropic" ? "anthropic" : "openai" })}
      />
      <TextInput
        label="Base URL"
        description="including the version, for example https://api.openai.com/v1"
        value={filled.baseUrl}
        onChange={(event) => set({ baseUrl: event.currentTarget.value })}
        required
        maxLength={500}
      />
    </>
  );
}

/** A reference to a variable of the server, or stored here: sealed, and never shown again. */
function CredentialFields({ filled, set, last4 }: Part & { last4: string | null }) {
  const choices: { value: CredentialFrom; label: string }[] = [
    ...(last4 === null ? [] : [{ value: "kept" as const, label: `keep the stored credential, …${last4}` }]),
    {
      value: "stored",
      label: last4 === null ? "stored here, encrypted" : "replace it; the new credential is stored encrypted",
    },
    { value: "variable", label: "environment variable of the server" },
    { value: "none", label: "none" },
  ];
  return (
    <>
      <Select
        label="Credential"
        data={choices}
        value={filled.from}
        allowDeselect={false}
        onChange={(value) => set({ from: choices.find((one) => one.value === value)?.value ?? filled.from })}
      />
      {filled.from === "stored" && (
        <PasswordInput
          label={PROVIDER_KINDS.of(filled.preset)?.credential?.label ?? "API key of the provider"}
          description="encrypted at once; only its last 4 characters are shown again"
          value={filled.credential}
          onChange={(event) => set({ credential: event.currentTarget.value })}
          autoComplete="off"
          required
        />
      )}
      {filled.from === "variable" && (
        <TextInput
          label="Variable"
          description="the value stays in the server's environment"
          placeholder="OPENAI_API_KEY"
          value={filled.variable}
          onChange={(event) => set({ variable: event.currentTarget.value })}
          pattern="[A-Z][A-Z0-9_]*"
          title="Capital letters, digits and underscores"
          required
        />
      )}
    </>
  );
}

function MoreFields({ filled, set }: Part) {
  const number = (
    name: "requestsPerMinute" | "tokensPerMinute" | "answerSeconds" | "silenceSeconds",
    label: string,
    empty: string,
  ) => (
    <NumberInput
      label={label}
      description={empty}
      value={filled[name] ?? ""}
      min={1}
      thousandSeparator=","
      onChange={(value) => set({ [name]: value === "" ? null : Number(value) })}
    />
  );
  const toggle = (
    name: "enabled" | "coolsDown" | "continuousUsage" | "strict" | "ramps",
    label: string,
    description: string,
  ) => (
    <Switch
      label={label}
      description={description}
      checked={filled[name]}
      onChange={(event) => set({ [name]: event.currentTarget.checked })}
    />
  );
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        {number("requestsPerMinute", "Requests per minute", "empty = taken from the provider's answers")}
        {number("tokensPerMinute", "Tokens per minute", "empty = taken from the provider's answers")}
        {number("answerSeconds", "Timeout until the first byte, seconds", "empty = the server's setting")}
        {number("silenceSeconds", "Timeout between two chunks, seconds", "empty = the server's setting")}
      </SimpleGrid>
      {toggle("enabled", "Enabled", "off = calls to its models are refused")}
      <ServiceTierFields filled={filled} set={set} />
      {toggle("ramps", "Limits how fast traffic may grow", "after a quiet hour, calls start at 1/16 of the limits")}
      {toggle("coolsDown", "Cools down after failures", "after 429s and failures, calls go to fallbacks for a while")}
      {toggle("continuousUsage", "Reports usage while it streams", "vLLM does this on request")}
      {toggle("strict", "Accepts only known fields", "calls with unknown fields are refused here")}
    </>
  );
}

/** The provider's cheaper or faster service tier for calls of a priority. Only tiers with a price are requested. */
function ServiceTierFields({ filled, set }: Part) {
  if (filled.dialect !== "openai") return null;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      {LIMIT_CHOICES.priorities.map((priority) => (
        <TextInput
          key={priority}
          label={`Service tier for ${priority} calls`}
          description="empty = none; used only where the tier has a price"
          placeholder={EXAMPLES[priority] ?? ""}
          value={filled.serviceTiers[priority] ?? ""}
          onChange={(event) => set({ serviceTiers: { ...filled.serviceTiers, [priority]: event.currentTarget.value } })}
          pattern="[a-z0-9_\\-]+"
          title="Lower-case letters, digits, dashes and underscores"
          maxLength={32}
        />
      ))}
    </SimpleGrid>
  );
}

const EXAMPLES: Readonly<Record<string, string>> = { interactive: "priority", background: "flex" };
