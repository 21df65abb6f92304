"use client";

import { Anchor, Code, Collapse, CopyButton, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { ReactNode } from "react";

const MINUTE = 60;

/** The error as common libraries print it: the same words, in each library's form for a 503. */
export function AsCallersSeeIt({ note, seconds, mode }: { note: string; seconds: number; mode: string }) {
  if (note === "" || mode === "degrade" || mode === "observe") return null;
  const until = seconds === 0 ? "until it is lifted" : `until … (${seconds / MINUTE} min from now)`;
  const message = `Calls are stopped by the operator ${until}: ${note}`;
  const anthropic = JSON.stringify({ type: "error", error: { type: "api_error", message } });
  return (
    <Fold label="Preview the callers' error">
      <Text size="xs" c="dimmed">
        503 with x-should-retry: false, so SDKs do not retry. Python SDKs wrap it in the same way.
      </Text>
      <Line name="openai">InternalServerError: 503 {message}</Line>
      <Line name="@anthropic-ai/sdk">InternalServerError: 503 {anthropic}</Line>
      <Line name="ai (AI SDK)">AI_APICallError: {message}</Line>
    </Fold>
  );
}

/** The same brake as a shell command, for when this page is not reachable, or for a runbook. */
export function CommandLine({ order }: { order: object }) {
  const command = [
    'curl -X POST "$SPILLWAY/api/admin/brakes"',
    '-H "authorization: Bearer $OPERATOR_TOKEN"',
    '-H "content-type: application/json"',
    `-d '${JSON.stringify(order).replaceAll("'", "'\\''")}'`,
  ].join(" \\\n  ");
  return (
    <Fold label="The same from a shell">
      <Code block style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
        {command}
      </Code>
      <CopyButton value={command}>
        {({ copied, copy }) => (
          <Anchor component="button" type="button" size="sm" onClick={copy}>
            {copied ? "Copied" : "Copy"}
          </Anchor>
        )}
      </CopyButton>
    </Fold>
  );
}

function Fold({ label, children }: { label: string; children: ReactNode }) {
  const [isOpen, { toggle }] = useDisclosure();
  return (
    <div>
      <Anchor component="button" type="button" size="sm" onClick={toggle} aria-expanded={isOpen}>
        {label}
      </Anchor>
      <Collapse expanded={isOpen}>
        <Stack gap={6} mt={6} align="flex-start">
          {children}
        </Stack>
      </Collapse>
    </div>
  );
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text size="xs" fw={550}>
        {name}
      </Text>
      <Code style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>{children}</Code>
    </div>
  );
}
