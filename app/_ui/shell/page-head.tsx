"use client";

import { Alert, Anchor, Button, Group, Text, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import type { ReactNode } from "react";
import { ApiProblem } from "../data/api";
import { useMomentWords } from "../figures/moment";
import { Crumbs } from "./crumbs";

type HeadOf = {
  readonly title: string;
  readonly about?: ReactNode;
  /** the pages above it, for one that the menu does not list */
  readonly above?: readonly { readonly label: string; readonly href: string }[];
  readonly children?: ReactNode;
};

/** A page's title, purpose, and actions. */
export function PageHead({ title, about, above = [], children }: HeadOf) {
  return (
    <Group justify="space-between" align="flex-end">
      <div style={{ minWidth: 0 }}>
        {above.length > 0 && <Crumbs above={above} />}
        <Title order={1} fz="h2" style={{ overflowWrap: "anywhere" }}>
          {title}
        </Title>
        {about !== undefined && (
          <Text c="dimmed" size="sm">
            {about}
          </Text>
        )}
      </div>
      {children !== undefined && <Group gap="xs">{children}</Group>}
    </Group>
  );
}

const NOT_FOUND = 404;

/**
 * The error, instead of the content or above figures that came earlier; a failed read can be retried. `otherwise`: the way out when that is of no use,
 * because what was asked for does not exist.
 */
export function Failed({
  what,
  error,
  otherwise,
}: {
  what: string;
  error: Error | null;
  otherwise?: { readonly label: string; readonly href: string };
}) {
  const queries = useQueryClient();
  const momentWords = useMomentWords();
  if (error === null) return null;
  const isNowhere = error instanceof ApiProblem && error.status === NOT_FOUND;
  const failed = queries.getQueryCache().findAll({ type: "active", predicate: (one) => one.state.error === error });
  const seenAt = Math.max(0, ...failed.flatMap(({ state }) => (state.data === undefined ? [] : state.dataUpdatedAt)));
  return (
    <Alert color="red" title={what} role="alert">
      <Group justify="space-between" align="flex-end" gap="xs">
        <Text size="sm" flex="1 1 240px">
          {error.message}
          {seenAt > 0 && <b> The figures below are old: {momentWords(new Date(seenAt).toISOString(), "time")}.</b>}
        </Text>
        {isNowhere && otherwise !== undefined && (
          <Anchor component={Link} href={otherwise.href} size="sm" underline="always">
            {otherwise.label}
          </Anchor>
        )}
        {!isNowhere && failed.length > 0 && (
          <Button size="xs" variant="default" onClick={() => void Promise.all(failed.map((one) => one.fetch()))}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  );
}
