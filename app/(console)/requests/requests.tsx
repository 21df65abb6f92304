"use client";

import {
  Alert,
  Badge,
  Card,
  Group,
  Select,
  Skeleton,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
  Title,
  UnstyledButton,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { parseAsString, useQueryState } from "nuqs";
import { useState } from "react";
import type { LedgerView } from "@/lib/console/ledger";
import type { TenantView } from "@/lib/console/tenants";
import { api } from "../../_ui/api";
import { count, dollars } from "../../_ui/format";
import { Moment } from "../../_ui/moment";
import { Failed } from "../../_ui/page-head";
import { readPasted } from "../../_ui/pasted";
import { RefusalCard } from "../../_ui/refusal-card";
import { CallDetails } from "./call-details";
import { CallerNow } from "./caller-now";
import { RefusalOrigin } from "./refusal-origin";

const EVERY_MS = 2000;
const SHOWN = 50;

type Rows = { readonly rows: readonly LedgerView[] };

/** One call by whatever a customer pasted, or a tenant's latest calls as they end. */
export function Requests({ id }: { id: string }) {
  const [pasted, setPasted] = useState(id);
  const [tenant, setTenant] = useQueryState("tenant");
  const [find, setFind] = useQueryState("find", parseAsString.withDefault(""));
  const [isLive, setIsLive] = useState(true);
  const tenants = useQuery({ queryKey: ["tenants"], queryFn: () => api<{ tenants: TenantView[] }>("tenants") });
  const chosen = tenant ?? tenants.data?.tenants[0]?.slug ?? null;
  const { requestId, refusal } = readPasted(pasted);
  const found = useQuery({
    queryKey: ["call", requestId],
    queryFn: () => api<Rows>(`ledger?requestId=${requestId}`),
    enabled: requestId !== null,
  });
  return (
    <Stack gap="md" maw={1100}>
      <div>
        <Title order={1} fz="h2">
          Requests
        </Title>
        <Text c="dimmed" size="sm">
          Calls that reached a provider, with what they were admitted on and what they came to. No prompt and no answer
          is ever kept.
        </Text>
      </div>
      <Textarea
        label="Explain a call"
        description="paste a request id, or a whole error as a customer sent it"
        placeholder="req_… or {&quot;error&quot;: …}"
        value={pasted}
        onChange={(event) => setPasted(event.currentTarget.value)}
        autosize
        minRows={1}
        maxRows={6}
      />
      {refusal !== null && <RefusalCard refusal={refusal} />}
      {refusal !== null && <RefusalOrigin refusal={refusal} />}
      {pasted.trim() !== "" && requestId === null && refusal === null && (
        <Text size="sm">There is no request id in this, and no error body.</Text>
      )}
      <Failed what="The call could not be looked up" error={found.error} />
      {found.data?.rows.length === 0 && refusal === null && (
        <Alert title="No such call in the books">
          No call with this id reached a provider: it was refused, or is not ours. Refusals are counted and not kept one
          by one; the whole error text explains itself here.
        </Alert>
      )}
      {found.data?.rows.map((row) => (
        <Card key={row.requestId} component="section" aria-label="The call">
          <CallDetails call={row} />
          <CallerNow requestId={row.requestId} />
        </Card>
      ))}
      {pasted.trim() === "" && (
        <>
          <Group justify="space-between" align="flex-end">
            <Select
              label="Tenant"
              data={tenants.data?.tenants.map((one) => ({ value: one.slug, label: one.name })) ?? []}
              value={chosen}
              onChange={(value) => void setTenant(value)}
              allowDeselect={false}
              searchable
              w={260}
            />
            <TextInput
              label="Filter"
              description={`among the latest ${SHOWN}`}
              placeholder="a model, a feature, a key, how it ended"
              value={find}
              onChange={(event) => void setFind(event.currentTarget.value)}
              flex={1}
              miw={220}
            />
            <Switch label="Live" checked={isLive} onChange={(event) => setIsLive(event.currentTarget.checked)} />
          </Group>
          {chosen !== null && <Latest tenant={chosen} isLive={isLive} find={find.trim().toLowerCase()} />}
        </>
      )}
    </Stack>
  );
}

function Latest({ tenant, isLive, find }: { tenant: string; isLive: boolean; find: string }) {
  const [open, setOpen] = useState<string | null>(null);
  const latest = useQuery({
    queryKey: ["calls", tenant],
    queryFn: () => api<Rows>(`ledger?tenant=${encodeURIComponent(tenant)}&limit=${SHOWN}`),
    refetchInterval: isLive ? EVERY_MS : false,
  });
  if (latest.error !== null) {
    return <Failed what="The calls could not be loaded" error={latest.error} />;
  }
  if (latest.data === undefined) return <Skeleton h={300} radius="md" />;
  const shown = latest.data.rows.filter((row) => wordsOf(row).includes(find));
  return (
    <Card padding={0} component="section" aria-label="Latest calls">
      {shown.length === 0 && latest.data.rows.length > 0 && <Text p="md">None of the latest calls is like that.</Text>}
      {latest.data.rows.length === 0 && <Text p="md">This tenant has not called yet.</Text>}
      {shown.map((row) => (
        <div key={row.requestId} style={{ borderTop: "1px solid var(--mantine-color-default-border)" }}>
          <UnstyledButton
            w="100%"
            px="md"
            py="xs"
            onClick={() => setOpen(open === row.requestId ? null : row.requestId)}
            aria-expanded={open === row.requestId}
          >
            <Line row={row} />
          </UnstyledButton>
          {open === row.requestId && (
            <Stack px="md" pb="md">
              <CallDetails call={row} />
            </Stack>
          )}
        </div>
      ))}
    </Card>
  );
}

/** What a filter looks at: names and how it ended, as they are shown. */
function wordsOf({ servedModel, askedModel, feature, keyId, endpoint, ending, degradation }: LedgerView): string {
  const words = [servedModel, askedModel, feature, keyId, endpoint, ending.replaceAll("_", " "), degradation];
  return words.join(" ").toLowerCase();
}

function Line({ row }: { row: LedgerView }) {
  const isGood = row.ending === "complete";
  return (
    <Group justify="space-between" gap="xs">
      <Group gap="sm">
        <Text size="sm" className="figure">
          <Moment at={row.endedAt} form="time" />
        </Text>
        <Text size="sm" fw={550}>
          {row.servedModel}
        </Text>
        {!isGood && (
          <Badge variant="outline" color="red.9" tt="none">
            {row.ending.replaceAll("_", " ")}
          </Badge>
        )}
        {row.degradation !== null && (
          <Badge variant="outline" color="gray" tt="none">
            {row.degradation}
          </Badge>
        )}
      </Group>
      <Text size="sm" c="dimmed" className="figure">
        {count(row.inputTokens)} in · {count(row.outputTokens)} out · {dollars(row.costMicroUsd)} · {count(row.totalMs)}{" "}
        ms
      </Text>
    </Group>
  );
}
