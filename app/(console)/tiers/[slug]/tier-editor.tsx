"use client";

import { Alert, Anchor, Badge, Button, Group, Paper, Skeleton, Stack, Text, TextInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { type FormEvent, useState } from "react";
import type { TierView } from "@/lib/console/tiers";
import { ApiProblem, api } from "../../../_ui/api";
import { plural } from "../../../_ui/format";
import { LadderForm } from "./ladder-form";
import { type DraftLimit, LimitForm } from "./limit-form";
import { Review } from "./review";

/** Loads one tier, then hands it to the form; the form starts anew with each version. */
export function TierEditor({ slug, canEdit }: { slug: string; canEdit: boolean }) {
  const tier = useQuery({
    queryKey: ["tiers", slug],
    queryFn: () => api<TierView>(`tiers/${encodeURIComponent(slug)}`),
    refetchOnWindowFocus: false,
  });
  if (tier.error !== null) {
    return (
      <Alert color="red" title="The tier could not be loaded">
        {tier.error.message}
      </Alert>
    );
  }
  if (tier.data === undefined) return <Skeleton h={400} radius="md" />;
  return <TierForm key={tier.data.version} tier={tier.data} canEdit={canEdit} />;
}

const NEW_LIMIT: DraftLimit = {
  ...{
    name: "",
    layer: "tenant",
    dimension: "requests",
    algorithm: "token_bucket",
    capacity: 60,
    refill: null,
    windowSeconds: 60,
  },
  ...{
    calendarPeriod: null,
    timeZone: null,
    strict: false,
    burstCredit: null,
    match: {},
    onExceed: "refuse",
    observe: false,
    failureMode: "local",
  },
};

function TierForm({ tier, canEdit }: { tier: TierView; canEdit: boolean }) {
  const queries = useQueryClient();
  const [limits, setLimits] = useState<readonly (DraftLimit & { row: string })[]>(
    tier.limits.map((limit) => ({ ...limit, row: limit.id })),
  );
  const [comment, setComment] = useState("");
  const [ladder, setLadder] = useState(tier.ladder);
  const isChanged =
    JSON.stringify(ladder) !== JSON.stringify(tier.ladder) ||
    JSON.stringify(limits) !== JSON.stringify(tier.limits.map((limit) => ({ ...limit, row: limit.id })));

  const publish = useMutation({
    mutationFn: () => {
      const body = {
        slug: tier.slug,
        version: tier.version,
        limits: limits.map(({ row: _row, ...limit }) => limit),
        ladder,
        ...(comment === "" ? {} : { comment }),
      };
      return api<TierView>(`tiers/${encodeURIComponent(tier.slug)}`, { method: "PUT", body });
    },
    onSuccess: async (published) => {
      queries.setQueryData(["tiers", tier.slug], published);
      await queries.invalidateQueries({ queryKey: ["tiers"] });
      notifications.show({
        color: "teal",
        title: `Version ${published.version} is in force`,
        message: "The next call obeys it.",
      });
    },
  });
  const [isReviewed, setIsReviewed] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    publish.mutate();
  };
  const put = (row: string, limit: DraftLimit) =>
    setLimits(limits.map((one) => (one.row === row ? { ...limit, row } : one)));

  return (
    <form onSubmit={submit}>
      <Stack gap="md" maw={1100}>
        <div>
          <Anchor component={Link} href="/tiers" size="sm">
            ← Tiers
          </Anchor>
          <Group gap="sm">
            <Title order={1} fz="h2">
              {tier.name}
            </Title>
            <Badge variant="light" tt="none">
              version {tier.version}
            </Badge>
          </Group>
          <Text c="dimmed" size="sm">
            {plural(tier.tenants, "tenant")} · limits are checked together, and one that refuses spends nothing of the
            others
          </Text>
        </div>
        <fieldset disabled={!canEdit} style={{ border: 0, padding: 0, margin: 0 }}>
          <Stack gap="sm">
            {limits.map((limit) => (
              <LimitForm
                key={limit.row}
                limit={limit}
                isOld={tier.limits.some((one) => one.id === limit.row)}
                onChange={(next) => put(limit.row, next)}
                onRemove={() => setLimits(limits.filter((one) => one.row !== limit.row))}
              />
            ))}
            {limits.length === 0 && (
              <Paper withBorder p="lg">
                <Text>No limits: every call of this tier is admitted. Add one below.</Text>
              </Paper>
            )}
            <Button
              variant="default"
              leftSection={<IconPlus size={16} />}
              style={{ alignSelf: "flex-start" }}
              onClick={() => setLimits([...limits, { ...NEW_LIMIT, row: `new-${limits.length}-${Date.now()}` }])}
            >
              Add a limit
            </Button>
            <LadderForm ladder={ladder} onChange={setLadder} />
          </Stack>
        </fieldset>
        {isReviewed && (
          <Review
            tier={tier}
            limits={limits.map(({ row: _row, ...limit }) => limit)}
            onPublish={() => publish.mutate(undefined, { onSettled: () => setIsReviewed(false) })}
            isPublishing={publish.isPending}
            onClose={() => setIsReviewed(false)}
          />
        )}
        {publish.error !== null && (
          <Fault error={publish.error} reload={() => queries.invalidateQueries({ queryKey: ["tiers", tier.slug] })} />
        )}
        {canEdit ? (
          <Group align="flex-end">
            <TextInput
              label="Comment"
              placeholder="Why this change"
              value={comment}
              onChange={(event) => setComment(event.currentTarget.value)}
              flex={1}
              miw={220}
            />
            <Button variant="default" onClick={() => setIsReviewed(true)} disabled={!isChanged}>
              Review…
            </Button>
            <Button type="submit" loading={publish.isPending} disabled={!isChanged}>
              Publish
            </Button>
          </Group>
        ) : (
          <Text c="dimmed" size="sm">
            Your role may look, not edit. An admin can.
          </Text>
        )}
      </Stack>
    </form>
  );
}

function Fault({ error, reload }: { error: Error; reload: () => void }) {
  const isConflict = error instanceof ApiProblem && error.code === "conflict";
  return (
    <Alert color="red" title={isConflict ? "Somebody else has published meanwhile" : "Not published"} role="alert">
      <Stack align="flex-start" gap="sm">
        {error.message}
        {isConflict && (
          <Button size="xs" variant="default" onClick={reload}>
            Load their version (yours is dropped)
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
