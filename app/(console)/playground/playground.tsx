"use client";

import {
  Badge,
  Button,
  Card,
  Code,
  Group,
  NumberInput,
  PasswordInput,
  Select,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
  TextInput,
  Title,
} from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, Fragment, useState } from "react";
import type { LedgerView } from "@/lib/console/records/ledger";
import type { OwnQuota } from "@/lib/console/tenants/tenant-quota";
import { api } from "../../_ui/data/api";
import { callerHeaders, ownQuota } from "../../_ui/data/key-holder";
import { readPasted } from "../../_ui/forms/pasted";
import { QuotaLine } from "../../_ui/limits/quota-line";
import { RefusalCard } from "../../_ui/limits/refusal-card";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { NextStep } from "../../_ui/words/next-step";
import { CallDetails } from "../requests/call-details";

type Asked = { readonly key: string; readonly user: string; readonly body: object };
type Answered = {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly text: string;
  readonly said: string | null;
  readonly requestId: string | null;
  readonly quota: OwnQuota | null;
};

const TELLING = /^(x-ratelimit|x-spillway|x-request-id|x-should-retry|x-kill-switch|retry-after|ratelimit)/;
const BILL_EVERY_MS = 300;

const START = { key: "", user: "", model: "", text: "Say something short.", most: 64 };
type Filled = typeof START;
type Part = { readonly filled: Filled; readonly set: (change: Partial<Filled>) => void };

/** One chat call like a tenant's own client sends it: the decision, the headers, the answer and the bill. */
export function Playground() {
  const sending = useMutation({ mutationFn: send });
  return (
    <Stack gap="md" maw={1100}>
      <PageHead
        title="Playground"
        about="This sends one real call, as a tenant's client would. It counts against limits and is billed."
      />
      <CallForm isPending={sending.isPending} onSend={sending.mutate} />
      <Failed what="The call could not be sent" error={sending.error} />
      {sending.data !== undefined && <Outcome answered={sending.data} />}
    </Stack>
  );
}

function CallForm({ isPending, onSend }: { isPending: boolean; onSend: (asked: Asked) => void }) {
  const [filled, setFilled] = useState(START);
  const catalog = useQuery({
    queryKey: ["catalog"],
    queryFn: () => api<{ models: { slug: string }[] }>("catalog"),
  });
  const models = catalog.data?.models.map((one) => one.slug) ?? [];
  const model = filled.model || (models[0] ?? "");
  const set = (change: Partial<Filled>) => setFilled((before) => ({ ...before, ...change }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { key, user, text, most } = filled;
    const messages = [{ role: "user", content: text }];
    onSend({ key: key.trim(), user: user.trim(), body: { model, messages, max_tokens: most } });
  };
  return (
    <Card component="section" aria-label="Call to send">
      <form onSubmit={submit}>
        <Stack>
          <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
            <Caller filled={filled} set={set} />
            <Select
              label="Model"
              description="the name that callers use"
              data={models}
              value={model === "" ? null : model}
              onChange={(next) => set({ model: next ?? "" })}
              allowDeselect={false}
              searchable
            />
            <NumberInput
              label="max_tokens"
              description="output token limit"
              value={filled.most}
              min={1}
              allowDecimal={false}
              onChange={(value) => set({ most: Math.max(1, Number(value)) })}
            />
          </SimpleGrid>
          <Failed what="The models could not be loaded" error={catalog.error} />
          {catalog.data?.models.length === 0 && (
            <Text size="sm">
              <NextStep says="No models yet. Create one:" href="/catalog" page="Models" />
            </Text>
          )}
          <Textarea
            label="Message"
            value={filled.text}
            onChange={(event) => set({ text: event.currentTarget.value })}
            autosize
            minRows={2}
            maxRows={8}
            required
          />
          <Group justify="flex-end">
            <Button type="submit" disabled={model === ""} loading={isPending} leftSection={<IconSend size={16} />}>
              Send
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

function Caller({ filled, set }: Part) {
  return (
    <>
      <PasswordInput
        label="API key"
        description="stays in this page"
        placeholder="sw_…"
        value={filled.key}
        onChange={(event) => set({ key: event.currentTarget.value })}
        autoComplete="off"
        required
      />
      <TextInput
        label="User"
        description="end user of the call"
        placeholder="nobody"
        value={filled.user}
        onChange={(event) => set({ user: event.currentTarget.value })}
      />
    </>
  );
}

function Outcome({ answered }: { answered: Answered }) {
  const { status, headers, text, said, requestId, quota } = answered;
  const { refusal } = readPasted(text);
  return (
    <>
      {refusal !== null && <RefusalCard refusal={refusal} />}
      <Card component="section" aria-label="The answer">
        <Group gap="sm" mb="xs">
          <Title order={2} fz="md">
            The answer
          </Title>
          <Badge color={status < 400 ? "teal.9" : "red.9"} tt="none">
            HTTP {status}
          </Badge>
        </Group>
        {said === null ? (
          <Code block style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
            {text}
          </Code>
        ) : (
          <Text>{said}</Text>
        )}
        <Title order={3} fz="sm" mt="md" mb={4}>
          Headers for the client
        </Title>
        <dl className="named">
          {headers.map(([name, value]) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </Fragment>
          ))}
        </dl>
      </Card>
      {requestId !== null && status < 400 && <Bill requestId={requestId} />}
      {quota !== null && quota.limits.length > 0 && (
        <Card component="section" aria-label="What is left">
          <Title order={2} fz="md" mb="xs">
            Remaining quota of this caller
          </Title>
          <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
            {quota.limits.map((line) => (
              <QuotaLine key={`${line.layer} ${line.name}`} line={line} at={quota.at} />
            ))}
          </SimpleGrid>
        </Card>
      )}
    </>
  );
}

/** The call's ledger row, once it is written. */
function Bill({ requestId }: { requestId: string }) {
  const found = useQuery({
    queryKey: ["call", requestId],
    queryFn: () => api<{ rows: LedgerView[] }>(`ledger?requestId=${requestId}`),
    refetchInterval: ({ state }) => (state.data?.rows.length === 0 ? BILL_EVERY_MS : false),
  });
  const [call] = found.data?.rows ?? [];
  if (call === undefined) return <Failed what="The bill could not be read" error={found.error} />;
  return (
    <Card component="section" aria-label="The bill">
      <Title order={2} fz="md" mb="xs">
        The bill
      </Title>
      <CallDetails call={call} />
    </Card>
  );
}

async function send({ key, user, body }: Asked): Promise<Answered> {
  const response = await fetch("/v1/chat/completions", {
    method: "POST",
    headers: { ...callerHeaders({ key, user }), "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: [...response.headers].filter(([name]) => TELLING.test(name)),
    text,
    said: response.ok ? saidIn(text) : null,
    requestId: response.headers.get("x-request-id"),
    quota: await ownQuota({ key, user }).catch(() => null),
  };
}

function saidIn(text: string): string | null {
  const said: unknown = JSON.parse(text)?.choices?.[0]?.message?.content;
  return typeof said === "string" ? said : null;
}
