"use client";

import { Alert, Anchor, Badge, Card, Group, List, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { EffectiveLimit, OriginStep, EffectiveLimits as View } from "@/lib/console/effective";
import { api } from "../../../_ui/api";
import { ALGORITHM_WORDS, amount, duration, LAYER_WORDS } from "../../../_ui/format";
import { Moment } from "../../../_ui/moment";
import { Failed } from "../../../_ui/page-head";

/** Every limit that holds for the tenant, and where its number comes from: the step in bold is in force. */
export function EffectiveLimits({ slug, tier }: { slug: string; tier: string }) {
  const seen = useQuery({
    queryKey: ["effective", slug],
    queryFn: () => api<View>(`tenants/${encodeURIComponent(slug)}/limits`),
  });
  return (
    <Card component="section" aria-label="Limits and where they come from">
      <Group justify="space-between" mb="xs">
        <Title order={2} fz="md">
          Limits and where they come from
        </Title>
        <Anchor component={Link} href={`/tiers/${tier}`} size="sm">
          Edit the tier
        </Anchor>
      </Group>
      <Failed what="The limits could not be loaded" error={seen.error} />
      {seen.data === undefined && seen.error === null && <Skeleton h={120} />}
      {seen.data !== undefined && seen.data.contradictions.length > 0 && (
        <Alert color="orange" title="Worth a look" mb="sm">
          <List size="sm">
            {seen.data.contradictions.map((one) => (
              <List.Item key={one}>{one}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      {seen.data?.limits.length === 0 && <Text size="sm">No limits: every call is admitted.</Text>}
      <Stack gap="md">
        {seen.data?.limits.map((limit) => (
          <One key={limit.name} limit={limit} />
        ))}
      </Stack>
    </Card>
  );
}

function One({ limit }: { limit: EffectiveLimit }) {
  return (
    <div>
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {limit.name}
        </Text>
        <Text size="sm" className="figure">
          {limit.capacity === null ? "does not apply" : `${amount(limit.dimension, limit.capacity)}${windowOf(limit)}`}
        </Text>
        <Text size="xs" c="dimmed">
          {limit.layer === "global"
            ? "for everybody together"
            : `for each ${(LAYER_WORDS[limit.layer] ?? limit.layer).toLowerCase()}`}{" "}
          · {ALGORITHM_WORDS[limit.algorithm]}
        </Text>
        {limit.observe && (
          <Badge size="sm" variant="light" tt="none">
            observed only
          </Badge>
        )}
      </Group>
      {limit.chain.map((step, index) => (
        // Steps have no name of their own; their order is what they are.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Step key={index} step={step} dimension={limit.dimension} />
      ))}
    </div>
  );
}

function Step({ step, dimension }: { step: OriginStep; dimension: string }) {
  const number = step.capacity === null ? "taken away" : amount(dimension, step.capacity);
  return (
    <Text size="xs" {...(step.holds ? {} : { c: "dimmed" })} fw={step.holds ? 600 : 400} pl="md">
      {step.holds ? "→ " : ""}
      {step.from}: {number}
      {step.by !== null && (
        <>
          {" "}
          · by {step.by}
          {step.at !== null && (
            <>
              , <Moment at={step.at} form="short" />
            </>
          )}
        </>
      )}
      {step.reason !== null && ` · ${step.reason}`}
      {step.expiresAt !== null && (
        <>
          {" "}
          · until <Moment at={step.expiresAt} form="short" />
        </>
      )}
    </Text>
  );
}

function windowOf({ windowSeconds, calendarPeriod }: EffectiveLimit): string {
  if (calendarPeriod !== null) return ` a ${calendarPeriod}`;
  if (windowSeconds === null) return "";
  return windowSeconds === 60 ? " a minute" : ` in ${duration(windowSeconds)}`;
}
