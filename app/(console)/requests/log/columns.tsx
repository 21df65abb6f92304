"use client";

import { Anchor, Button, Checkbox, Popover, Stack } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import Link from "next/link";
import type { ReactNode } from "react";
import type { RequestLine } from "@/lib/console/requests/requests";
import { userPath } from "../../../_ui/data/user-path";
import { count, dollars, duration } from "../../../_ui/figures/format";
import { codeWords } from "../../../_ui/words/code-words";
import { deniedModel } from "../denied-model";

type Column = {
  readonly id: string;
  readonly label: string;
  readonly isFigure?: true;
  readonly isHidden?: true;
  readonly cell: (line: RequestLine) => ReactNode;
};

const ms = (value: number | null) => (value === null ? "" : `${count(value)} ms`);

/** All fields of a call in the log, in table order; hidden ones can be chosen. The others fit beside the facets at 1440 px. */
export const COLUMNS: readonly Column[] = [
  {
    id: "tenant",
    label: "Tenant",
    cell: ({ tenant, tenantName }) =>
      tenant === null ? (
        "unknown"
      ) : (
        <Anchor component={Link} href={`/tenants/${tenant}`} size="xs" title={tenant}>
          {tenantName ?? tenant}
        </Anchor>
      ),
  },
  {
    id: "user",
    label: "User",
    isHidden: true,
    cell: ({ tenant, user }) =>
      tenant === null || user === null ? (
        (user ?? "")
      ) : (
        <Anchor component={Link} href={userPath(tenant, user)} size="xs">
          {user}
        </Anchor>
      ),
  },
  { id: "key", label: "API key", cell: ({ keyId, keyName }) => <span title={keyId}>{keyName ?? keyId}</span> },
  { id: "endpoint", label: "Endpoint", isHidden: true, cell: ({ endpoint }) => endpoint },
  { id: "model", label: "Model", cell: modelOf },
  { id: "status", label: "Status", isFigure: true, cell: ({ status }) => status ?? "" },
  { id: "outcome", label: "Outcome", cell: outcomeOf },
  { id: "limit", label: "Limit", cell: ({ limitName }) => limitName ?? "" },
  { id: "tokens", label: "Tokens in / out", isFigure: true, cell: tokensOf },
  {
    id: "cost",
    label: "Cost",
    isFigure: true,
    cell: ({ costMicroUsd }) => (costMicroUsd === null ? "" : dollars(costMicroUsd)),
  },
  {
    id: "wait",
    label: "Retry after",
    isFigure: true,
    isHidden: true,
    cell: ({ retryAfterMs }) => (retryAfterMs === null ? "" : duration(retryAfterMs / 1000)),
  },
  { id: "latency", label: "Latency", isFigure: true, cell: ({ totalMs }) => ms(totalMs) },
  { id: "first", label: "First token", isFigure: true, isHidden: true, cell: ({ firstTokenMs }) => ms(firstTokenMs) },
  { id: "headers", label: "To headers", isFigure: true, isHidden: true, cell: ({ headersMs }) => ms(headersMs) },
  { id: "feature", label: "Feature", isHidden: true, cell: ({ feature }) => feature ?? "" },
  { id: "session", label: "Session", isHidden: true, cell: ({ session }) => session ?? "" },
  { id: "agent", label: "Agent", isHidden: true, cell: ({ agent }) => agent ?? "" },
  { id: "tags", label: "Tags", isHidden: true, cell: ({ tags }) => tags?.replaceAll(",", ", ") ?? "" },
  { id: "address", label: "Address", isHidden: true, cell: ({ address }) => address },
];

/** A call that was not sent has no output. */
function tokensOf({ inputTokens, outputTokens }: RequestLine): string {
  if (inputTokens === null && outputTokens === null) return "";
  return `${inputTokens === null ? "–" : count(inputTokens)} / ${outputTokens === null ? "–" : count(outputTokens)}`;
}

function modelOf({ kind, outcome, askedModel, servedModel }: RequestLine): string {
  if (kind === "denied") return deniedModel(askedModel, outcome);
  return servedModel === null || servedModel === askedModel ? askedModel : `${askedModel} → ${servedModel}`;
}

function outcomeOf({ outcome, count: calls }: RequestLine): string {
  const words = codeWords(outcome);
  return calls > 1 ? `${words} × ${count(calls)}` : words;
}

const USUAL = COLUMNS.filter((one) => one.isHidden !== true).map((one) => one.id);

/** The shown columns; one choice per browser. */
export function useColumns() {
  return useLocalStorage<readonly string[]>({ key: "spillway-log-columns-2", defaultValue: USUAL });
}

export function ColumnChooser({
  columns,
  onChange,
}: {
  columns: readonly string[];
  onChange: (columns: readonly string[]) => void;
}) {
  return (
    <Popover position="bottom-start" trapFocus>
      <Popover.Target>
        <Button variant="default" size="xs">
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Checkbox.Group value={[...columns]} onChange={onChange} aria-label="Columns">
          <Stack gap={6}>
            {COLUMNS.map(({ id, label }) => (
              <Checkbox key={id} value={id} label={label} />
            ))}
          </Stack>
        </Checkbox.Group>
      </Popover.Dropdown>
    </Popover>
  );
}
