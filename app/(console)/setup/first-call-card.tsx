"use client";

import {
  Anchor,
  Button,
  Card,
  Code,
  CopyButton,
  Group,
  Loader,
  SegmentedControl,
  Select,
  Stack,
  Text,
  Title,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import type { RequestLine } from "@/lib/console/requests/requests";
import { api } from "../../_ui/data/api";
import type { Catalog } from "../../_ui/data/catalog";
import { count, dollars } from "../../_ui/figures/format";
import { Outcome } from "../../_ui/figures/outcome";
import { codeWords } from "../../_ui/words/code-words";
import { dialectOf, SNIPPETS, type Snippet, snippetOf } from "./first-call";
import type { Made } from "./made";

const LOOK_EVERY_MS = 1500;

/** The call itself, ready to copy, and whether it has arrived. */
export function FirstCallCard(props: { catalog: Catalog; made: Made; baseUrl: string; hasKey: boolean }) {
  const { catalog, made, baseUrl, hasKey } = props;
  const [kind, setKind] = useState<Snippet>("curl");
  const [chosen, setChosen] = useState<string | null>(null);
  const model = chosen ?? made.model ?? catalog.models[0]?.slug ?? null;
  const of = catalog.models.find(({ slug }) => slug === model);
  const dialect = dialectOf(catalog.providers.find(({ id }) => id === of?.providerId));
  const text = model === null ? "" : snippetOf(kind, { baseUrl, model, key: made.key?.text ?? null, dialect });
  return (
    <Card component="section" aria-label="First call">
      <Stack gap="sm">
        <Title order={2} fz="md">
          First call
        </Title>
        {(model === null || !hasKey) && <Text size="sm">Create a model and a key first.</Text>}
        {model !== null && hasKey && (
          <>
            <Group>
              <SegmentedControl
                aria-label="Language"
                data={[...SNIPPETS]}
                value={kind}
                onChange={(value) => setKind(SNIPPETS.find((one) => one === value) ?? "curl")}
              />
              <Select
                aria-label="Model to call"
                data={catalog.models.map(({ slug }) => slug)}
                value={model}
                allowDeselect={false}
                searchable
                onChange={setChosen}
              />
            </Group>
            <Code block style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }} data-testid="first-call">
              {text}
            </Code>
            <Group>
              <CopyButton value={text}>
                {({ copied, copy }) => (
                  <Button variant="light" onClick={copy}>
                    {copied ? "Copied" : "Copy"}
                  </Button>
                )}
              </CopyButton>
              <Anchor component={Link} href="/playground" size="sm">
                Or call from the playground
              </Anchor>
            </Group>
            {made.key === null && (
              <Text size="sm" c="dimmed">
                Replace the dots with a key. A new key is filled in while this page is open.
              </Text>
            )}
            <Arrived keyId={made.key?.id ?? null} />
          </>
        )}
      </Stack>
    </Card>
  );
}

/** The newest call of the key that was made here, or of any; polled until there is one. */
function Arrived({ keyId }: { keyId: string | null }) {
  const query = new URLSearchParams({ size: "1", ...(keyId === null ? {} : { key: keyId }) });
  const calls = useQuery({
    queryKey: ["requests", "first", keyId],
    queryFn: () => api<{ requests: RequestLine[] }>(`requests?${query}`),
    refetchInterval: LOOK_EVERY_MS,
  });
  const [call] = calls.data?.requests ?? [];
  return (
    <section aria-label="Arrival of the first call" aria-live="polite">
      {call === undefined ? (
        <Group gap="xs">
          <Loader size="xs" />
          <Text size="sm">Waiting for the first call{keyId === null ? "" : " with this key"}…</Text>
        </Group>
      ) : (
        <CallAlert call={call} />
      )}
    </section>
  );
}

function CallAlert({ call }: { call: RequestLine }) {
  const isServed = call.kind === "served";
  const title = isServed
    ? "Call received"
    : `A call arrived and ${call.kind === "failed" ? "failed" : `was ${call.kind}`}`;
  return (
    <Outcome kind={isServed ? "good" : "doubtful"} title={title}>
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {call.askedModel === "" ? "" : `${call.askedModel}: `}
        {wordsOf(call)}{" "}
        <Anchor component={Link} href={`/requests?id=${call.requestId}`} size="sm" underline="always">
          {call.requestId}
        </Anchor>
      </Text>
    </Outcome>
  );
}

function wordsOf({ kind, inputTokens, outputTokens, costMicroUsd, totalMs, outcome }: RequestLine): string {
  if (kind !== "served") return `${codeWords(outcome)}.`;
  const tokens = `${count(inputTokens ?? 0)} tokens in, ${count(outputTokens ?? 0)} out`;
  return `${tokens}, ${dollars(costMicroUsd ?? 0)}, ${count(totalMs ?? 0)} ms.`;
}
