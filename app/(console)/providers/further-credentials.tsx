"use client";

import {
  Button,
  Card,
  Group,
  NumberInput,
  PasswordInput,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { type FilledCredential, FURTHER_MAX, withOneMore, withRow } from "./provider-credentials";

const WEIGHT_MAX = 1000;

/** Credentials beside the provider's own. Each gets its share of the calls, and gets none while it is at its limit. */
export function FurtherCredentials({
  further,
  weight,
  onChange,
  onWeight,
}: {
  further: readonly FilledCredential[];
  /** of the provider's own credential; null = left empty */
  weight: number | null;
  onChange: (further: readonly FilledCredential[]) => void;
  onWeight: (weight: number | null) => void;
}) {
  return (
    <Stack gap="sm">
      {further.length > 0 && (
        <Share label="Share of the credential above" description={SHARE} value={weight} onChange={onWeight} />
      )}
      {further.map((one) => (
        <Further
          key={one.row}
          one={one}
          set={(change) => onChange(withRow(further, one.row, change))}
          onRemove={() => onChange(further.filter(({ row }) => row !== one.row))}
        />
      ))}
      {further.length < FURTHER_MAX && (
        <Group gap="sm">
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconPlus size={14} />}
            onClick={() => onChange(withOneMore(further))}
          >
            Add a credential
          </Button>
          {further.length === 0 && (
            <Text size="xs" c="dimmed">
              Several accounts of one provider share its calls.
            </Text>
          )}
        </Group>
      )}
    </Stack>
  );
}

const SHARE = "calls are divided by these shares";

function Further({
  one,
  set,
  onRemove,
}: {
  one: FilledCredential;
  set: (change: Partial<FilledCredential>) => void;
  onRemove: () => void;
}) {
  const named = one.name === "" ? "the new credential" : one.name;
  return (
    <Card withBorder p="sm" component="fieldset" aria-label={`Credential ${named}`}>
      <Stack gap="xs">
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
          {one.isNew ? (
            <TextInput
              label="Name"
              description="permanent; shown in the ledger"
              value={one.name}
              onChange={(event) => set({ name: event.currentTarget.value })}
              pattern="[a-z0-9][a-z0-9\-]*"
              title="Lower-case letters, digits and dashes"
              maxLength={32}
              required
            />
          ) : (
            <TextInput label="Name" description="permanent; shown in the ledger" value={one.name} readOnly />
          )}
          <Share label="Share" description={SHARE} value={one.weight} onChange={(weight) => set({ weight })} />
        </SimpleGrid>
        <Secret one={one} set={set} />
        <Button variant="subtle" color="red.9" size="compact-sm" onClick={onRemove} style={{ alignSelf: "flex-start" }}>
          {`Remove ${named}`}
        </Button>
      </Stack>
    </Card>
  );
}

/** A reference to a variable of the server, or stored here: sealed, and never shown again. */
function Secret({ one, set }: { one: FilledCredential; set: (change: Partial<FilledCredential>) => void }) {
  const { last4 } = one;
  const choices: { value: FilledCredential["from"]; label: string }[] = [
    ...(last4 === null ? [] : [{ value: "kept" as const, label: `keep the stored credential, …${last4}` }]),
    {
      value: "stored",
      label: last4 === null ? "stored here, encrypted" : "replace it; the new credential is stored encrypted",
    },
    { value: "variable", label: "environment variable of the server" },
  ];
  return (
    <>
      <Select
        label="Its secret"
        data={choices}
        value={one.from}
        allowDeselect={false}
        onChange={(value) => set({ from: choices.find((choice) => choice.value === value)?.value ?? one.from })}
      />
      {one.from === "stored" && (
        <PasswordInput
          label="API key"
          description="encrypted at once; only its last 4 characters are shown again"
          value={one.credential}
          onChange={(event) => set({ credential: event.currentTarget.value })}
          autoComplete="off"
          required
        />
      )}
      {one.from === "variable" && (
        <TextInput
          label="Variable"
          description="the value stays in the server's environment"
          placeholder="OPENAI_API_KEY_2"
          value={one.variable}
          onChange={(event) => set({ variable: event.currentTarget.value })}
          pattern="[A-Z][A-Z0-9_]*"
          title="Capital letters, digits and underscores"
          required
        />
      )}
    </>
  );
}

function Share(props: {
  label: string;
  description: string;
  value: number | null;
  onChange: (weight: number | null) => void;
}) {
  const { label, description, value, onChange } = props;
  return (
    <NumberInput
      label={label}
      description={description}
      value={value ?? ""}
      min={1}
      max={WEIGHT_MAX}
      allowDecimal={false}
      onChange={(given) => onChange(given === "" ? null : Number(given))}
      required
    />
  );
}
