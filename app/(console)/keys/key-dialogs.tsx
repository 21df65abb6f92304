"use client";

import {
  Alert,
  Button,
  Group,
  Modal,
  MultiSelect,
  Select,
  Stack,
  TagsInput,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import type { KeyView } from "@/lib/console/keys/keys";
import { LIMIT_CHOICES } from "@/lib/console/limits/limit-choices.shared";
import { api } from "../../_ui/data/api";
import { PRIORITY_WORDS } from "../../_ui/figures/format";
import { SecretOnce } from "../../_ui/forms/secret-once";
import { BrakeDialog } from "../brake-dialog";
import { budgetBody, HolderField, RotationField, rotationOf, TermsFields, termsBody, USUAL_TERMS } from "./key-terms";

type Made = KeyView & { readonly key: string };
type Catalog = { readonly models: readonly { readonly slug: string }[] };

const OVERLAPS = [
  { value: "0", label: "none: the old key expires at the first use of the new key" },
  { value: "3600", label: "1 hour" },
  { value: "86400", label: "24 hours" },
  { value: "604800", label: "7 days" },
];

export type KeyDialog =
  | { readonly kind: "new"; readonly tenant: string }
  | { readonly kind: "stop" | "edit" | "rotate" | "revoke" | "leaked"; readonly key: KeyView };

/** The open dialog over a list of keys, if any. */
export function KeyDialogs({
  dialog,
  onClose,
  onMade,
}: {
  dialog: KeyDialog | null;
  onClose: () => void;
  /** a new key, with its text, which is stored nowhere else */
  onMade?: (made: Made) => void;
}) {
  if (dialog === null) return null;
  switch (dialog.kind) {
    case "new":
      return <NewKey tenant={dialog.tenant} onClose={onClose} {...(onMade === undefined ? {} : { onMade })} />;
    case "stop":
      return <BrakeDialog draft={{ scope: "key", name: dialog.key.id }} onClose={onClose} />;
    case "edit":
      return <EditKey of={dialog.key} onClose={onClose} />;
    case "rotate":
      return <RotateKey of={dialog.key} onClose={onClose} />;
    default:
      return <EndKey of={dialog.key} isLeaked={dialog.kind === "leaked"} onClose={onClose} />;
  }
}

/** A key's permissions; null = no bound. */
type Rights = Pick<KeyView, "models" | "endpoints" | "ipAllow" | "priority">;
const ALL_RIGHTS: Rights = { models: null, endpoints: null, ipAllow: null, priority: "interactive" };

function NewKey(props: { tenant: string; onClose: () => void; onMade?: (made: Made) => void }) {
  const { tenant, onClose, onMade } = props;
  const [name, setName] = useState("");
  const [terms, setTerms] = useState(USUAL_TERMS);
  const [rights, setRights] = useState(ALL_RIGHTS);
  const [budgetFault, setBudgetFault] = useState<string | null>(null);
  const make = useMade(async () => {
    const body = { tenant, name: name.trim(), ...termsBody(terms), ...rights };
    const made = await api<Made>("keys", { method: "POST", body });
    const budget = budgetBody(tenant, made, terms);
    // The key exists and must be shown this once, even if its budget fails.
    if (budget !== null) {
      await api("budgets", { method: "POST", body: budget }).catch((error: Error) => setBudgetFault(error.message));
    }
    return made;
  }, onMade);
  return (
    <KeyForm
      title="New key"
      verb="Create the key"
      make={make}
      onClose={onClose}
      fault={budgetFault === null ? null : `Its budget was not created: ${budgetFault} Create it under Spend.`}
    >
      <NameField name={name} onChange={setName} />
      <TermsFields tenant={tenant} terms={terms} onChange={setTerms} />
      <RightsFields rights={rights} onChange={setRights} />
    </KeyForm>
  );
}

/** A key's name and permissions; in force from its next call on. */
function EditKey({ of, onClose }: { of: KeyView; onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState(of.name);
  const [rights, setRights] = useState<Rights>(of);
  const [rotateDays, setRotateDays] = useState(String(of.rotateEveryDays ?? ""));
  const [holderMayRotate, setHolderMayRotate] = useState(of.holderMayRotate);
  const edit = useMutation({
    mutationFn: () => {
      const { models, endpoints, ipAllow, priority } = rights;
      const rotateEveryDays = rotationOf(rotateDays);
      const body = { name: name.trim(), models, endpoints, ipAllow, priority, rotateEveryDays, holderMayRotate };
      return api(`keys/${of.id}`, { method: "PATCH", body });
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["keys"] });
      onClose();
    },
  });
  return (
    <KeyForm title={`Edit ${of.name}`} verb="Save" make={edit} onClose={onClose}>
      <NameField name={name} onChange={setName} />
      <RotationField days={rotateDays} onChange={setRotateDays} />
      <HolderField mayRotate={holderMayRotate} onChange={setHolderMayRotate} />
      <RightsFields rights={rights} onChange={setRights} />
    </KeyForm>
  );
}

function NameField({ name, onChange }: { name: string; onChange: (name: string) => void }) {
  return (
    <TextInput
      label="Name"
      description="for example an application or a team"
      value={name}
      onChange={(event) => onChange(event.currentTarget.value)}
      required
      maxLength={100}
      data-autofocus
    />
  );
}

function RightsFields({ rights, onChange }: { rights: Rights; onChange: (rights: Rights) => void }) {
  const catalog = useQuery({ queryKey: ["catalog"], queryFn: () => api<Catalog>("catalog") });
  const set = (change: Partial<Rights>) => onChange({ ...rights, ...change });
  const orAll = <Value,>(values: Value[]) => (values.length === 0 ? null : values);
  return (
    <>
      <MultiSelect
        label="Models it may call"
        placeholder={rights.models === null ? "all" : ""}
        data={catalog.data?.models.map((model) => model.slug) ?? []}
        value={rights.models ?? []}
        onChange={(values) => set({ models: orAll(values) })}
      />
      <MultiSelect
        label="Endpoints it may call"
        placeholder={rights.endpoints === null ? "all" : ""}
        data={[...LIMIT_CHOICES.endpoints]}
        value={rights.endpoints ?? []}
        onChange={(values) => set({ endpoints: orAll(values) })}
      />
      <TagsInput
        label="Addresses it may be used from"
        description="ranges such as 10.0.0.0/8; empty = any"
        value={rights.ipAllow ?? []}
        onChange={(values) => set({ ipAllow: orAll(values) })}
      />
      <Select
        label="Highest priority of its calls"
        description="less urgent calls wait last in a queue, and some limits apply only to them"
        data={LIMIT_CHOICES.priorities.map((value) => ({ value, label: PRIORITY_WORDS[value] }))}
        value={rights.priority}
        allowDeselect={false}
        onChange={(value) => set({ priority: value ?? rights.priority })}
      />
    </>
  );
}

function RotateKey({ of, onClose }: { of: KeyView; onClose: () => void }) {
  const [overlap, setOverlap] = useState("86400");
  const make = useMade(() =>
    api<Made>(`keys/${of.id}/rotate`, { method: "POST", body: { overlapSeconds: Number(overlap) } }),
  );
  return (
    <KeyForm title={`Rotate ${of.name}`} verb="Create the new key" make={make} onClose={onClose}>
      <Text size="sm">
        The new key has the same rights and shares every limit with the old key. Both keys work. The old key's remaining
        time starts at the first call with the new key, so no call fails.
      </Text>
      <Select
        label="The old key expires after"
        data={OVERLAPS}
        value={overlap}
        allowDeselect={false}
        onChange={(value) => setOverlap(value ?? "86400")}
      />
    </KeyForm>
  );
}

function EndKey({ of, isLeaked, onClose }: { of: KeyView; isLeaked: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const end = useMutation({
    mutationFn: () =>
      api(`keys/${of.id}/${isLeaked ? "leaked" : "revoke"}`, { method: "POST", body: { reason: reason.trim() } }),
    onSuccess: async () => {
      await queries.invalidateQueries();
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={isLeaked ? `${of.name} has leaked` : `Revoke ${of.name}`}>
      <Stack>
        <Text size="sm">
          {isLeaked
            ? "Every process refuses its next call. Running calls end now. A successor that its holder made is revoked too."
            : "Every process refuses its next call. Running calls finish."}
        </Text>
        <Textarea
          label="Reason"
          description="goes to the audit log"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          required
          data-autofocus
        />
        <Fault error={end.error} />
        <Button color="red.9" disabled={reason.trim() === ""} loading={end.isPending} onClick={() => end.mutate()}>
          {isLeaked ? "Revoke and cut" : "Revoke"}
        </Button>
      </Stack>
    </Modal>
  );
}

function useMade(work: () => Promise<Made>, onMade?: (made: Made) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: work,
    onSuccess: async (made) => {
      onMade?.(made);
      await queries.invalidateQueries({ queryKey: ["keys"] });
      await queries.invalidateQueries({ queryKey: ["tenants"] });
    },
  });
}

type Work = Pick<ReturnType<typeof useMade>, "error" | "isPending"> & {
  readonly mutate: () => void;
  readonly data?: unknown;
};

/** A form about a key. If it ends with a new key, it then shows that key, once. */
function KeyForm(props: {
  title: string;
  verb: string;
  make: Work;
  onClose: () => void;
  /** shown beside the new key; null = no error */
  fault?: string | null;
  children: ReactNode;
}) {
  const { make, onClose } = props;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  const secret = madeKey(make.data);
  if (secret !== null) {
    return (
      <SecretOnce
        title="Copy the key now"
        note={`It is shown only once. Spillway stores only its digest. ${props.fault ?? ""}`}
        secret={secret}
        testId="new-key"
        onClose={onClose}
      />
    );
  }
  return (
    <Modal opened onClose={onClose} title={props.title} size="lg">
      <form onSubmit={submit}>
        <Stack>
          {props.children}
          <Fault error={make.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={make.isPending}>
              {props.verb}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function madeKey(made: unknown): string | null {
  const key: unknown = typeof made === "object" && made !== null ? Reflect.get(made, "key") : null;
  return typeof key === "string" ? key : null;
}

function Fault({ error }: { error: Error | null }) {
  if (error === null) return null;
  return (
    <Alert color="red" title="Not done" role="alert">
      {error.message}
    </Alert>
  );
}
