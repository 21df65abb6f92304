import { Anchor, Card, Code, Group, Stack, Text, Title } from "@mantine/core";
import Link from "next/link";
import type { DeniedView } from "@/lib/console/records/explain";
import { useKeyName, useTenantName } from "../../_ui/data/names";
import { CopyId } from "../../_ui/figures/copy-id";
import { count } from "../../_ui/figures/format";
import { Moment } from "../../_ui/figures/moment";
import { codeWords } from "../../_ui/words/code-words";
import { deniedAdvice } from "./denied-advice";
import { deniedModel } from "./denied-model";

/** A call that was answered before any limit was checked: what was wrong, whose it was, and where that is changed. */
export function DeniedCall({ denied }: { denied: DeniedView }) {
  const { requestId, code, status, tenant, keyId, endpoint, model, address } = denied;
  const { words, href, label } = deniedAdvice(denied);
  return (
    <Card component="section" aria-label="The denied call">
      <Stack gap={6}>
        <Title order={2} fz="md">
          Denied: {codeWords(code)} ({status})
        </Title>
        <Group gap={4} wrap="nowrap">
          <Code style={{ overflowWrap: "anywhere" }}>{requestId}</Code>
          <CopyId id={requestId} of="request id" />
        </Group>
        <Text size="sm">{words}</Text>
        <Text size="sm" c="dimmed">
          <Moment at={denied.at} /> · {tenant === null ? "unknown tenant" : <TenantName slug={tenant} />} ·{" "}
          {keyId === null ? "no key" : tenant === null ? `key id ${keyId} as sent` : <KeyName id={keyId} />}
          {endpoint !== "" && ` · ${endpoint}`}
          {` · model ${deniedModel(model, code)}`}
          {address !== null && ` · from ${address}`}
          {denied.count > 1 && ` · one of ${count(denied.count)} such calls in this minute`}
        </Text>
        <Text size="sm" c="dimmed">
          No limit was checked, and nothing was charged.
        </Text>
        <Anchor component={Link} href={href} size="sm" underline="always">
          {label}
        </Anchor>
      </Stack>
    </Card>
  );
}

function TenantName({ slug }: { slug: string }) {
  return useTenantName(slug);
}

function KeyName({ id }: { id: string }) {
  return `key ${useKeyName(id)}`;
}
