"use client";

import { Button, Stack } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { SessionView } from "@/lib/console/access/sessions";
import type { SettingsView } from "@/lib/console/overview/settings";
import { api } from "../../_ui/data/api";
import { useManaged } from "../../_ui/data/managed";
import { WhenLoaded } from "../../_ui/data/when-loaded";
import { plural } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { Moment } from "../../_ui/figures/moment";
import { FAILURE_MODE_WORDS } from "../../_ui/limits/failure-mode";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { OwnPassword } from "./own-password";
import { SecondFactor, useSecondFactor } from "./second-factor";

const STORES = {
  redis: "Redis, shared by all processes (REDIS_URL)",
  upstash: "Upstash Redis, shared by all processes (UPSTASH_REDIS_REST_URL)",
  memory: "this process only; set REDIS_URL before you start a second process",
};
/** The operator's sessions, and the settings of this installation. */
export function SettingsPage() {
  const sessions = useQuery({
    queryKey: ["sessions"],
    queryFn: () => api<{ sessions: SessionView[] }>("sessions"),
  });
  const settings = useQuery({ queryKey: ["settings"], queryFn: () => api<SettingsView>("settings") });
  const factor = useSecondFactor();
  // All at once: a later part would push down what is being read.
  const isLoaded = sessions.data !== undefined && settings.data !== undefined && factor.data !== undefined;
  return (
    <Stack gap="md">
      <PageHead title="Settings" about="Your sessions, password and second factor, and the server's settings." />
      <Failed what="The settings could not be loaded" error={sessions.error ?? settings.error ?? factor.error} />
      <WhenLoaded height={420}>
        <Stack gap="md">
          {sessions.data !== undefined && isLoaded && (
            <Listing
              title="Your sessions"
              note="a session ends eight hours after its last use, or when you end it here"
              head={["Device", "Address", "Since", "Last seen", "Action"]}
              texts={[1, 2, 3]}
              empty="Nowhere."
              rows={sessions.data.sessions.map((one) => ({
                id: one.id,
                cells: [
                  deviceOf(one.agent),
                  one.address || "–",
                  <Moment key="since" at={one.since} form="short" />,
                  <Moment key="seen" at={one.lastSeen} form="short" />,
                  one.own ? "this one" : <End key="end" session={one} />,
                ],
              }))}
            />
          )}
          {isLoaded && <OwnPassword />}
          {isLoaded && <SecondFactor view={factor.data} />}
          {settings.data !== undefined && isLoaded && <Chosen view={settings.data} />}
          <ManagedFiles />
        </Stack>
      </WhenLoaded>
    </Stack>
  );
}

function Chosen({ view: { installation, publicUrl, failureModes } }: { view: SettingsView }) {
  const lines = [
    ["Release", installation.release],
    ["Address of the console (PUBLIC_URL)", publicUrl],
    ["Counters", STORES[installation.store]],
    ["Retention of ledger rows and sums (LEDGER_DAYS)", plural(installation.ledgerDays, "day")],
    ["Lease of a call without a heartbeat (LEASE_SECONDS)", `${installation.leaseSeconds} s`],
    ["Minimum number of processes that share limits (EXPECTED_INSTANCES)", String(installation.expectedInstances)],
    ["Single sign-on (OIDC_ISSUER)", installation.oidcName ?? "none"],
    ...groupLines(installation.oidcGroups),
    ...failureModes.map(({ mode, limits }) => [
      `While the store is away: ${mode}`,
      `${plural(limits, "limit")}: ${FAILURE_MODE_WORDS[mode] ?? mode}`,
    ]),
  ];
  return (
    <Listing
      title="This installation"
      note="read-only; set by the environment variables in brackets; each limit sets its own failure mode"
      head={["Setting", "Value"]}
      texts={[1]}
      empty=""
      rows={lines.map(([name = "", value = ""]) => ({ id: name, cells: [name, value] }))}
    />
  );
}

/** Which group of single sign-on gives which role. */
function groupLines(groups: SettingsView["installation"]["oidcGroups"]): [string, string][] {
  if (groups === null) return [];
  const { claim, roles, otherwise, tenants } = groups;
  return [
    ...roles.map(({ group, role }): [string, string] => [`Role of the group "${group}" (OIDC_ROLES)`, role]),
    ["Role without such a group (OIDC_ROLE_DEFAULT)", otherwise ?? "none: refused"],
    ...(tenants ?? []).map(({ group, tenants: own }): [string, string] => [
      `Tenants of the group "${group}" (OIDC_TENANTS)`,
      own === "*" ? "all" : own.join(", "),
    ]),
    ["Claim with the groups (OIDC_ROLES_CLAIM)", claim],
  ];
}

/** Files that manage objects, with the number of objects and who applied the file last. */
function ManagedFiles() {
  const objects = useManaged().data?.objects ?? [];
  const files = [...new Set(objects.map(({ source }) => source))].sort();
  if (files.length === 0) return null;
  const rows = files.map((file) => {
    const own = objects.filter(({ source }) => source === file);
    const last = own.reduce((newest, one) => (one.appliedAt > newest.appliedAt ? one : newest));
    const moment = <Moment key="last" at={last.appliedAt} form="short" />;
    return { id: file, cells: [file, plural(own.length, "object"), moment, last.appliedBy] };
  });
  return (
    <Listing
      title="Configuration files"
      note="objects that a file manages; npm run config -- diff lists edits made by hand"
      head={["File", "Manages", "Last change", "By"]}
      texts={[1, 2, 3]}
      empty=""
      rows={rows}
    />
  );
}

function End({ session }: { session: SessionView }) {
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => api(`sessions/${session.id}`, { method: "DELETE", body: {} }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  return (
    <Button
      size="compact-sm"
      variant="default"
      loading={end.isPending}
      onClick={() => end.mutate()}
      aria-label={`End the session of ${deviceOf(session.agent)}`}
    >
      End
    </Button>
  );
}

/** "Chrome on Linux" from a browser's user agent; the whole text when it is unusual. */
function deviceOf(agent: string): string {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)/.exec(agent)?.[1];
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1];
  if (browser === undefined) return agent.slice(0, 60) || "unknown";
  const name = browser === "Edg" ? "Edge" : browser === "OPR" ? "Opera" : browser;
  return system === undefined ? name : `${name} on ${system.replace("Mac OS X", "macOS")}`;
}
