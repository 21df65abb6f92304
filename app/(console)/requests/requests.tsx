"use client";

import { Anchor, Card, Group, SegmentedControl, Stack, Switch, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import Link from "next/link";
import { parseAsString, useQueryState } from "nuqs";
import { useState } from "react";
import { useFoundTenants } from "../../_ui/data/found";
import { readPasted } from "../../_ui/forms/pasted";
import { TenantSelect } from "../../_ui/forms/tenant-select";
import { RefusalCard } from "../../_ui/limits/refusal-card";
import { Failed } from "../../_ui/shell/page-head";
import { NextStep } from "../../_ui/words/next-step";
import { Explained } from "./explained";
import { Latest } from "./latest";
import { RefusalOrigin } from "./refusal-origin";

const FIND_AFTER_MS = 300;
const KINDS = [
  { value: "all", label: "All" },
  { value: "served", label: "Served" },
  { value: "refused", label: "Refused" },
];

/** One call from a customer's pasted text, or a tenant's latest calls as they end. */
export function Requests({ id, ...rights }: { id: string; canBoost: boolean; canRaise: boolean; canStop: boolean }) {
  const [pasted, setPasted] = useState(id);
  const [tenant, setTenant] = useQueryState("tenant");
  const [find, setFind] = useQueryState("find", parseAsString.withDefault(""));
  const [kind, setKind] = useQueryState("kind", parseAsString.withDefault("all"));
  const [isLive, setIsLive] = useState(true);
  const [sought] = useDebouncedValue(find.trim(), FIND_AFTER_MS);
  const first = useFoundTenants("", { limit: 1, enabled: tenant === null });
  const chosen = tenant ?? first.data?.tenants[0]?.slug ?? null;
  const { requestId, refusal } = readPasted(pasted);
  return (
    <Stack gap="md" maw={1100}>
      <div>
        <Title order={1} fz="h2">
          Requests
        </Title>
        <Text c="dimmed" size="sm">
          Served and refused calls, with the numbers behind each decision. Prompts and answers are never stored.{" "}
          <Anchor component={Link} href="/requests/log" size="sm" underline="always">
            Log of all tenants
          </Anchor>
        </Text>
      </div>
      <Textarea
        label="Explain a call"
        description="paste a request id, or the full error from a customer"
        placeholder="req_… or {&quot;error&quot;: …}"
        value={pasted}
        onChange={(event) => setPasted(event.currentTarget.value)}
        autosize
        minRows={1}
        maxRows={6}
      />
      {refusal !== null && <RefusalCard refusal={refusal} />}
      {requestId !== null && <Explained requestId={requestId} pasted={refusal} {...rights} />}
      {requestId === null && refusal !== null && <RefusalOrigin refusal={refusal} />}
      {pasted.trim() !== "" && requestId === null && refusal === null && (
        <Text size="sm">This text contains no request id and no error body.</Text>
      )}
      {pasted.trim() === "" && (
        <>
          <Group justify="space-between" align="flex-end">
            <TenantSelect
              label="Tenant"
              value={chosen}
              onChange={(value) => void setTenant(value)}
              allowDeselect={false}
              w={260}
            />
            <TextInput
              label="Filter"
              placeholder="user, model, key, limit or outcome"
              value={find}
              onChange={(event) => void setFind(event.currentTarget.value)}
              flex={1}
              miw={220}
            />
            <SegmentedControl
              aria-label="Which calls"
              data={KINDS}
              value={kind}
              onChange={(value) => void setKind(value)}
            />
            <Group h={36}>
              <Switch label="Live" checked={isLive} onChange={(event) => setIsLive(event.currentTarget.checked)} />
            </Group>
          </Group>
          {first.data?.tenants.length === 0 && tenant === null && (
            <Card>
              <Text size="sm">
                <NextStep
                  says="There are no tenants yet, so there are no calls."
                  href="/setup"
                  page="Get started: five steps to your first call"
                />
              </Text>
            </Card>
          )}
          <Failed what="The tenants could not be loaded" error={first.error} />
          {chosen !== null && <Latest tenant={chosen} kind={kind} isLive={isLive} find={sought} />}
        </>
      )}
    </Stack>
  );
}
