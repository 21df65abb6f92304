"use client";

import {
  Alert,
  Badge,
  Button,
  Card,
  Code,
  FileButton,
  Group,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
  Title,
} from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { ConfigPlan } from "@/lib/console/config/config";
import { api } from "../../_ui/data/api";
import { KeptEdits } from "../../_ui/data/kept-edits";
import { plural } from "../../_ui/figures/format";
import { Outcome } from "../../_ui/figures/outcome";
import { Failed } from "../../_ui/shell/page-head";
import { fromText } from "./config-text";

type Asked = { readonly file: object; readonly source: string; readonly takeOver: boolean };
type Planned = { readonly asked: Asked; readonly plan: ConfigPlan };
type Applied = {
  readonly applied: readonly object[];
  readonly passwords: readonly { email: string; password: string }[];
};

/** A text that was not applied yet, as long as this tab lives. */
const KEPT = new KeptEdits<{ readonly text: string; readonly source: string }>();
const NAME = "config";

/** Imports a file: first shows its changes, then applies them. */
export function ImportCard() {
  const queries = useQueryClient();
  const [text, setText] = useState(() => KEPT.of(NAME)?.text ?? "");
  const [source, setSource] = useState(() => KEPT.of(NAME)?.source ?? "spillway.yaml");
  const [takeOver, setTakeOver] = useState(false);
  const plan = useMutation({
    mutationFn: async (): Promise<Planned> => {
      const read = await fromText(text);
      if (read.kind === "fault") throw new Error(read.fault);
      const asked = { file: read.file, source: source.trim(), takeOver };
      return { asked, plan: await api<ConfigPlan>("config/plan", { method: "POST", body: asked }) };
    },
  });
  const apply = useMutation({
    mutationFn: ({ asked, plan: { version } }: Planned) =>
      api<Applied>("config", { method: "PUT", body: { ...asked, version } }),
    onSuccess: () => queries.invalidateQueries(),
  });
  const unsaved = useMemo(() => ({ text, source }), [text, source]);
  KEPT.useKeep(NAME, text === "" || apply.isSuccess ? null : unsaved);
  const edit = (next: string) => {
    setText(next);
    plan.reset();
    apply.reset();
  };
  return (
    <Card component="section" aria-label="Import">
      <Stack gap="sm">
        <Title order={2} fz="md">
          Import
        </Title>
        <Group align="flex-end">
          <FileButton accept=".yaml,.yml,.json" onChange={(file) => void file?.text().then(edit)}>
            {(props) => (
              <Button variant="default" {...props}>
                Choose a file…
              </Button>
            )}
          </FileButton>
          <TextInput
            label="File name"
            description="objects are marked with this name"
            value={source}
            onChange={(event) => setSource(event.currentTarget.value)}
            maxLength={200}
          />
        </Group>
        <Textarea
          label="File content"
          description="YAML or JSON; absent sections are not changed"
          value={text}
          onChange={(event) => edit(event.currentTarget.value)}
          autosize
          minRows={6}
          maxRows={18}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          placeholder={"spillway: config/1\ntenants:\n  acme: { name: Acme, tier: standard }"}
        />
        <Switch
          label="Take over objects that another file manages"
          checked={takeOver}
          onChange={(event) => {
            setTakeOver(event.currentTarget.checked);
            plan.reset();
          }}
        />
        <Group>
          <Button
            variant="light"
            disabled={text.trim() === "" || source.trim() === ""}
            loading={plan.isPending}
            onClick={() => plan.mutate()}
          >
            Preview changes
          </Button>
        </Group>
        <Failed what="The file cannot be read" error={plan.error} />
        {plan.data !== undefined && apply.data === undefined && (
          <PlanView plan={plan.data.plan} isApplying={apply.isPending} onApply={() => apply.mutate(plan.data)} />
        )}
        <Failed what="Not every change was applied" error={apply.error} />
        {apply.data !== undefined && <AppliedView answer={apply.data} />}
      </Stack>
    </Card>
  );
}

const ACTS = {
  create: { words: "new", colour: "teal.9" },
  change: { words: "changes", colour: "blue.8" },
  replace: { words: "made again", colour: "yellow.9" },
  remove: { words: "removed", colour: "red.9" },
} as const;

/** Every change by name, with the old and the new value. */
function PlanView({ plan, isApplying, onApply }: { plan: ConfigPlan; isApplying: boolean; onApply: () => void }) {
  const { changes, faults, adopted, released } = plan;
  if (faults.length > 0) {
    return (
      <Alert color="red" title="The file cannot be applied" role="alert">
        {faults.map((fault) => (
          <Text key={fault} size="sm">
            {fault}
          </Text>
        ))}
      </Alert>
    );
  }
  const isEmpty = changes.length + adopted.length + released.length === 0;
  return (
    <Stack gap="xs" role="region" aria-label="Preview of changes">
      <Text size="sm" fw={600}>
        {isEmpty ? "Everything matches the file." : `${plural(changes.length, "change")}.`}
        {adopted.length > 0 && ` ${plural(adopted.length, "object")} already match the file and will be managed by it.`}
        {released.length > 0 && ` ${plural(released.length, "object")} stay, but the file no longer manages them.`}
      </Text>
      {changes.map(({ kind, name, act, words, drifted }) => (
        <div key={`${kind} ${name}`}>
          <Group gap={8}>
            <Badge color={ACTS[act].colour} tt="none">
              {ACTS[act].words}
            </Badge>
            <Text size="sm" fw={550}>
              {kind} {name}
            </Text>
            {drifted && (
              <Badge variant="light" color="yellow" tt="none">
                edited by hand since then
              </Badge>
            )}
          </Group>
          <Code block mt={4}>
            {words.join("\n")}
          </Code>
        </div>
      ))}
      {!isEmpty && (
        <Group>
          <Button loading={isApplying} onClick={onApply}>
            {changes.length === 0 ? "Mark them" : `Apply ${plural(changes.length, "change")}`}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function AppliedView({ answer: { applied, passwords } }: { answer: Applied }) {
  return (
    <Outcome kind="good" title={`${plural(applied.length, "change")} made`}>
      <Text size="sm">In force for the next call.</Text>
      {passwords.map(({ email, password }) => (
        <Text key={email} size="sm">
          First password of {email}, shown once: <Code>{password}</Code>
        </Text>
      ))}
    </Outcome>
  );
}
