"use client";

import { Alert, Badge, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { BrakeView } from "@/lib/console/brakes/brakes";
import type { InstancesView } from "@/lib/console/money/usage";
import type { ProviderHealth } from "@/lib/console/providers/provider-health";
import { api } from "../../_ui/data/api";
import { WhenLoaded } from "../../_ui/data/when-loaded";
import { count } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { Moment } from "../../_ui/figures/moment";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { NextStep } from "../../_ui/words/next-step";
import { Term } from "../../_ui/words/term";
import { Drill } from "../brakes/drill";
import { Headroom } from "../scarcity/headroom";

const EVERY_MS = 1000;
const PROVIDERS_EVERY_MS = 10_000;
const DRILLS_SHOWN = 10;

/** Every process with its policy version, the providers' state, and the last brake test. */
export function StatusPage({ canDrill }: { canDrill: boolean }) {
  const instances = useQuery({
    queryKey: ["instances"],
    queryFn: () => api<InstancesView>("instances"),
    refetchInterval: EVERY_MS,
  });
  const providers = useQuery({
    queryKey: ["provider-health"],
    queryFn: () => api<ProviderHealth>("providers"),
    refetchInterval: PROVIDERS_EVERY_MS,
  });
  const brakes = useQuery({ queryKey: ["brakes"], queryFn: () => api<{ brakes: BrakeView[] }>("brakes") });
  const drills = brakes.data?.brakes.filter((one) => one.liftReason?.startsWith("drill:")).slice(0, DRILLS_SHOWN);
  return (
    <Stack gap="md">
      <PageHead
        title="Status"
        about={
          <>
            Processes, providers and <Term of="drill">drills</Term>.
          </>
        }
      >
        {canDrill && <Drill />}
      </PageHead>
      <Failed what="The status could not be loaded" error={instances.error ?? providers.error ?? brakes.error} />
      <WhenLoaded height={500}>
        <Stack gap="md">
          {instances.data !== undefined && <PolicyFaults faults={instances.data.policyFaults} />}
          {instances.data !== undefined && <Processes seen={instances.data} />}
          {providers.data !== undefined && <Providers health={providers.data} />}
          <Headroom canChange={canDrill} />
          {drills !== undefined && <Drills drills={drills} />}
        </Stack>
      </WhenLoaded>
    </Stack>
  );
}

function Processes({ seen }: { seen: InstancesView }) {
  return (
    <Listing
      title="Processes"
      note={`the newest policy is version ${count(seen.policyVersion)}`}
      head={["Process", "State", "Policy", "Enforced after", "Running calls", "Decision p95", "Release", "Started"]}
      texts={[1, 6, 7]}
      empty="No process has registered."
      rows={seen.instances.map((one) => ({
        id: one.id,
        cells: [
          one.id,
          <State key="state" one={one} />,
          count(one.policyVersion),
          one.tookMs === null ? "at its start" : `${count(one.tookMs)} ms`,
          count(one.openCalls),
          one.decisionP95Ms === null ? "–" : `${one.decisionP95Ms.toFixed(1)} ms`,
          one.release,
          <Moment key="started" at={one.startedAt} form="short" />,
        ],
      }))}
    />
  );
}

function Providers({ health }: { health: ProviderHealth }) {
  return (
    <Listing
      title="Providers"
      note={`last ${health.minutes} minutes; times are to the first byte from the provider`}
      head={["Provider", "State", "Calls", "Failed", "429", "p50", "p95", "Last failure"]}
      texts={[1, 7]}
      empty={<NextStep says="No providers yet. Add one:" href="/providers" page="Providers" />}
      rows={health.providers.map((one) => ({
        id: one.slug,
        cells: [
          one.name,
          <Health key="state" one={one} />,
          count(one.calls),
          one.calls === 0 ? "–" : `${count(one.failed)} (${((one.failed / one.calls) * 100).toFixed(1)} %)`,
          one.calls === 0 ? "–" : `${((one.limited / one.calls) * 100).toFixed(1)} %`,
          one.p50Ms === null ? "–" : `${count(one.p50Ms)} ms`,
          one.p95Ms === null ? "–" : `${count(one.p95Ms)} ms`,
          one.lastFailedAt === null ? "none" : <Moment key="failed" at={one.lastFailedAt} form="time" />,
        ],
      }))}
    />
  );
}

function Drills({ drills }: { drills: readonly BrakeView[] }) {
  return (
    <Listing
      title="Drills"
      note="a brake that matches no call: time from the request until every process enforces it"
      head={["When", "By", "Result"]}
      texts={[1, 2]}
      empty="No drills yet. A drill takes one second and stops no calls."
      rows={drills.map((one) => ({
        id: one.id,
        cells: [<Moment key="at" at={one.createdAt} />, one.createdBy, one.liftReason?.slice("drill: ".length)],
      }))}
    />
  );
}

const EFFECT_WORDS = {
  held: "keeps its last valid limits",
  refused: "its calls are refused",
  later: "its calls are refused when a stronger override ends",
  blocks: "blocks more than its scope",
} as const;

/** Invalid policy data in the database; nothing when all is valid. */
function PolicyFaults({ faults }: { faults: InstancesView["policyFaults"] }) {
  if (faults.length === 0) return null;
  return (
    <Alert color="red" title="The database contains limits or brakes that cannot be enforced as written" role="alert">
      <Stack gap={4} component="ul" m={0} pl="md">
        {faults.map(({ tenant, text, effect }) => (
          <li key={`${tenant} ${text}`}>
            {tenant !== null && <b>{tenant}: </b>}
            {text} ({EFFECT_WORDS[effect]})
          </li>
        ))}
      </Stack>
    </Alert>
  );
}

function State({ one }: { one: InstancesView["instances"][number] }) {
  const [words, colour] = !one.alive
    ? (["gone", "gray.7"] as const)
    : one.isStoreAway
      ? (["alone: the store is away", "red.9"] as const)
      : one.current
        ? (["up to date", "teal.9"] as const)
        : (["behind", "orange.9"] as const);
  return (
    <Badge color={colour} tt="none">
      {words}
    </Badge>
  );
}

const FAILING_SHARE = 0.05;

function Health({ one }: { one: ProviderHealth["providers"][number] }) {
  const share = one.calls === 0 ? 0 : one.failed / one.calls;
  const [words, colour] = !one.enabled
    ? (["off", "gray.7"] as const)
    : one.calls === 0
      ? (["not called", "gray.7"] as const)
      : share > FAILING_SHARE
        ? (["failing", "red.9"] as const)
        : (["answers", "teal.9"] as const);
  return (
    <Badge color={colour} tt="none">
      {words}
    </Badge>
  );
}
