"use client";

import { Badge, Card, Group, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ScarcityView } from "@/lib/console/scarcity/answers";
import { api } from "../../_ui/data/api";
import { WhenLoaded } from "../../_ui/data/when-loaded";
import { count, duration } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { Constants } from "./constants";
import { Headroom } from "./headroom";

const EVERY_MS = 2000;
const BYTES_PER_MB = 1024 * 1024;

/** Waiting calls, what is shed and why, and the numbers that decide it. */
export function ScarcityPage({ canEdit, canTakeOut }: { canEdit: boolean; canTakeOut: boolean }) {
  const scarcity = useQuery({
    queryKey: ["scarcity"],
    queryFn: () => api<ScarcityView>("scarcity"),
    refetchInterval: EVERY_MS,
  });
  const view = scarcity.data;
  return (
    <Stack gap="md">
      <PageHead title="Scarcity" about="Remaining provider capacity, waiting calls, and shed calls." />
      <Failed what="The queues could not be loaded" error={scarcity.error} />
      <WhenLoaded height={700}>
        <Stack gap="md">
          {view !== undefined && <Pressure view={view} />}
          {view !== undefined && <Classes view={view} />}
          {view !== undefined && <Tenants view={view} />}
          <Headroom canChange={canTakeOut} />
          {view !== undefined && <Constants view={view} canEdit={canEdit} />}
        </Stack>
      </WhenLoaded>
    </Stack>
  );
}

function Pressure({ view: { pressure, pressedBy, settings } }: { view: ScarcityView }) {
  const { isOn, from } = settings.shed;
  const isShedding = isOn && pressure > from;
  const [words, colour] = isShedding ? (["sheds calls", "orange.9"] as const) : (["sheds nothing", "teal.9"] as const);
  return (
    <Card component="section" aria-label="Pressure">
      <Group gap="sm">
        <Title order={2} fz="md">
          {`Pressure ${pressure.toFixed(1)}`}
        </Title>
        <Badge color={colour} tt="none">
          {words}
        </Badge>
      </Group>
      <Text size="sm">
        {pressedBy === "" ? "No pressure. " : `Highest for the ${pressedBy}. Its limit is 1. `}
        {isOn ? `From ${from}, background calls are shed, then batch calls.` : "Shedding is off."}
      </Text>
    </Card>
  );
}

function Classes({ view }: { view: ScarcityView }) {
  return (
    <Listing
      title="Queue by class"
      note="all processes together; calls that wait for a limit with a queue"
      head={["Class", "Waiting", "Oldest", "Longest wait", "Bodies", "Shed now", "Shed since start", "Why"]}
      texts={[7]}
      empty=""
      rows={view.classes.map((one) => ({
        id: one.priority,
        cells: [
          one.priority,
          count(one.waiting),
          one.waiting === 0 ? "–" : duration(Math.round(one.oldestMs / 1000)),
          duration(Math.round(view.settings.queue.waitMs[one.priority] / 1000)),
          `${(one.bytes / BYTES_PER_MB).toFixed(1)} MB`,
          `${(one.shedShare * 100).toFixed(0)} %`,
          count(one.shedCalls),
          whyShed(one, view),
        ],
      }))}
    />
  );
}

/** Why calls of a class are refused, or served by a cheaper model, before they wait. */
function whyShed(
  { priority, isShut, shedShare }: ScarcityView["classes"][number],
  { pressedBy }: ScarcityView,
): string {
  const shut = isShut ? ["only ten calls may wait, so more urgent calls have room"] : [];
  const does = priority === "standard" ? "served by cheaper models" : "refused before they wait";
  const what =
    pressedBy === "provider"
      ? "a provider has no capacity left: calls to it are"
      : `the ${pressedBy} is under pressure:`;
  const shed = shedShare > 0 ? [`${what} ${does}`] : [];
  return [...shut, ...shed].join("; ") || "–";
}

function Tenants({ view: { tenants, more } }: { view: ScarcityView }) {
  return (
    <Listing
      title="Queue by tenant"
      note={more === 0 ? "longest wait first" : `longest wait first; ${count(more)} more calls wait`}
      head={["Tenant", "Class", "Waiting", "Oldest"]}
      texts={[1]}
      empty="Nobody waits."
      rows={tenants.map((one) => ({
        id: `${one.tenant} ${one.priority}`,
        cells: [one.tenant, one.priority, count(one.calls), duration(Math.round(one.oldestMs / 1000))],
      }))}
    />
  );
}
