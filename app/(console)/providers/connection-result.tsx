"use client";

import { Anchor, Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ConnectionView, SentCredential } from "@/lib/console/providers/connection";
import { api } from "../../_ui/data/api";
import { plural } from "../../_ui/figures/format";
import { Outcome, type OutcomeKind } from "../../_ui/figures/outcome";
import { Failed } from "../../_ui/shell/page-head";

const MODELS_SHOWN = 8;

const CREDENTIALS: Readonly<Record<SentCredential, string>> = {
  stored: "the stored credential",
  variable: "the credential from its environment variable",
  unset: "no credential, because its environment variable is not set on this server",
  none: "no credential",
};

/** One request to a provider, each time this is shown. */
export function useConnection(provider: string) {
  return useQuery({
    queryKey: ["connection", provider],
    queryFn: () => api<ConnectionView>("connection-tests", { method: "POST", body: { provider } }),
    refetchOnWindowFocus: false,
    retry: false,
    gcTime: 0,
  });
}

/** The result of a connection test, in words. */
export function ConnectionResult({ provider, onClose }: { provider: string; onClose: () => void }) {
  const test = useConnection(provider);
  return (
    <section aria-label={`Connection to ${provider}`}>
      <Failed what="The connection could not be tested" error={test.error} />
      {test.isFetching && <Skeleton h={96} radius="md" />}
      {test.data !== undefined && !test.isFetching && (
        <Outcome kind={kindOf(test.data)} title={titleOf(test.data)}>
          <Stack gap="xs" align="flex-start">
            <Text size="sm">{sentenceOf(test.data)}</Text>
            <Group gap="sm">
              <Button size="xs" variant="default" onClick={() => void test.refetch()}>
                Test again
              </Button>
              <Button size="xs" variant="default" onClick={onClose}>
                Close
              </Button>
              {isGood(test.data) && (
                <Anchor component={Link} href={`/catalog?provider=${provider}`} size="sm">
                  Add its models
                </Anchor>
              )}
            </Group>
          </Stack>
        </Outcome>
      )}
    </section>
  );
}

function isGood({ outcome }: ConnectionView): boolean {
  return outcome !== "unreachable" && outcome !== "rejected";
}

function kindOf(test: ConnectionView): OutcomeKind {
  return test.outcome === "answered" ? "doubtful" : isGood(test) ? "good" : "bad";
}

function titleOf({ provider, outcome }: ConnectionView): string {
  switch (outcome) {
    case "accepted":
      return `${provider} accepts the credential`;
    case "answered":
      return `${provider} answers`;
    case "rejected":
      return `${provider} rejects the credential`;
    case "unreachable":
      return `${provider} cannot be reached`;
    case "built_in":
      return `${provider} is the built-in simulator`;
    default:
      return outcome satisfies never;
  }
}

function sentenceOf({ outcome, status, ms, models, detail, credential }: ConnectionView): string {
  const sent = `Sent with ${CREDENTIALS[credential]}.`;
  switch (outcome) {
    case "accepted": {
      const named = models.slice(0, MODELS_SHOWN).join(", ");
      const more = models.length > MODELS_SHOWN ? ", …" : "";
      return `HTTP ${status} in ${ms} ms. It lists ${plural(models.length, "model")}: ${named}${more}. ${sent}`;
    }
    case "answered":
      return `HTTP ${status} in ${ms} ms. It lists no models, so only a call shows whether the credential is accepted. ${sent}`;
    case "rejected":
      return `HTTP ${status} in ${ms} ms. ${sent} Enter another one and test again.`;
    case "unreachable":
      return `${detail ?? ""}. Check the base URL.`;
    case "built_in":
      return "It runs inside Spillway, so there is no connection to test.";
    default:
      return outcome satisfies never;
  }
}
