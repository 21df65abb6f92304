"use client";

import { Anchor, Button, Card, Group, Select, Skeleton, Stack, Switch, TextInput } from "@mantine/core";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { parseAsString, useQueryStates } from "nuqs";
import { useState } from "react";
import { type MarkedPage, marksText, wholePage } from "@/lib/console/requests/page-delta.shared";
import type { RequestLine } from "@/lib/console/requests/requests";
import { api } from "../../../_ui/data/api";
import { WhenLoaded } from "../../../_ui/data/when-loaded";
import { Empty } from "../../../_ui/notices/empty";
import { Failed, PageHead } from "../../../_ui/shell/page-head";
import { TimePicker } from "../../../_ui/time/time-picker";
import { isPreset, spanOf } from "../../../_ui/time/time-range";
import { codeWords } from "../../../_ui/words/code-words";
import { NextStep } from "../../../_ui/words/next-step";
import { ColumnChooser, useColumns } from "./columns";
import { type FacetAnswer, FacetList } from "./facet-list";
import { Histogram } from "./histogram";
import {
  bucketSecondsOf,
  FACET_WORDS,
  facetsPath,
  GROUPS,
  LINES_SHOWN,
  type LogGroup,
  type LogPlace,
  linesPath,
  viewOf,
} from "./log-filter";
import { LOG_PLACE, LOG_SUMS } from "./log-place";
import { LogTable } from "./log-table";
import { SavedViews } from "./saved-views";

// Loaded later: only a choice needs it.
const LogSums = dynamic(() => import("./log-sums").then((part) => part.LogSums), {
  ssr: false,
  loading: () => <Skeleton h={320} radius="md" />,
});

const LIVE_MS = 2000;
const FACETS_MS = 10_000;
const SUMS_MAX = "1000";
const RANGES = ["15m", "1h", "24h", "7d", "all"] as const;

/** Calls of all tenants: served, failed, refused and denied, with filters. */
export function RequestLog() {
  const [{ after, ...place }, setPlace] = useQueryStates({ ...LOG_PLACE, after: parseAsString });
  const [{ group, order }, setSums] = useQueryStates(LOG_SUMS);
  const [isLive, setIsLive] = useState(true);
  const [columns, setColumns] = useColumns();
  const view = viewOf(useSearchParams());
  // The browser's back button takes the last choice back; letters of a name are one choice.
  const narrow: Narrow = (change, history = "push") => void setPlace({ ...change, after: null }, { history });
  const pathOf = (more: Record<string, string>) => linesPath(place, Date.now(), more);
  const span = spanOf(place, Date.now());
  const isRunning = span.to === null;
  const isLiveNow = isLive && isRunning;
  const seconds = bucketSecondsOf(place, Date.now());
  const facets = useQuery({
    queryKey: ["request-log", "facets", place],
    queryFn: () => api<FacetAnswer>(facetsPath(place, Date.now())),
    placeholderData: keepPreviousData,
    refetchInterval: isLiveNow ? FACETS_MS : false,
  });
  return (
    <Stack gap="md">
      <PageHead
        title="Request log"
        about="Calls of all tenants: served, failed, refused and denied. Prompts and answers are not stored."
        above={[{ label: "Requests", href: "/requests" }]}
      >
        <Anchor component={Link} href="/requests" size="sm">
          Explain one call
        </Anchor>
      </PageHead>
      <Group gap="sm" align="center">
        <TimePicker choice={place} presets={RANGES} onChange={(choice) => narrow(choice)} />
        <ShownAs group={group} onChange={(next) => void setSums({ group: next }, { history: "push" })} />
        <SavedViews query={view} />
        {group === null && <ColumnChooser columns={columns} onChange={setColumns} />}
        <Switch label="Live" checked={isLive} onChange={(event) => setIsLive(event.currentTarget.checked)} />
        <Export
          pathOf={(more) =>
            group === null
              ? pathOf({ ...more, whole: "true" })
              : pathOf({ ...more, by: group, order, most: SUMS_MAX }).replace("requests?", "requests/sums?")
          }
        />
      </Group>
      <Chosen place={place} facets={facets.data?.facets ?? []} narrow={narrow} />
      <Failed what="The log could not be loaded" error={facets.error} />
      <WhenLoaded height={640}>
        <Stack gap="md">
          {(facets.data !== undefined || facets.error === null) && (
            <Histogram
              answer={facets.data}
              seconds={seconds}
              span={span}
              askedAt={isRunning ? facets.dataUpdatedAt : null}
              onRange={(from, to) => narrow({ from, to, month: null })}
            />
          )}
          <Group align="flex-start" gap="md" wrap="wrap">
            {(facets.data !== undefined || facets.error === null) && (
              <FacetList answer={facets.data} onChoose={(facet, value) => narrow({ [facet]: value })} />
            )}
            <Stack gap="sm" flex={1} miw={{ base: "100%", md: 500 }}>
              {group === null ? (
                <Lines
                  place={place}
                  pathOf={pathOf}
                  columns={columns}
                  after={after}
                  everyMs={isLiveNow ? LIVE_MS : false}
                  onAfter={(next, history) => void setPlace({ after: next }, { history })}
                />
              ) : (
                <LogSums
                  by={group}
                  order={order}
                  place={place}
                  pathOf={pathOf}
                  everyMs={isLiveNow ? FACETS_MS : false}
                  onOrder={(next) => void setSums({ order: next })}
                  onNarrow={(change) => {
                    void setSums({ group: null });
                    narrow(change);
                  }}
                />
              )}
            </Stack>
          </Group>
        </Stack>
      </WhenLoaded>
    </Stack>
  );
}

/** One by one, or as sums. */
function ShownAs({ group, onChange }: { group: LogGroup | null; onChange: (group: LogGroup | null) => void }) {
  return (
    <Select
      aria-label="Show"
      size="xs"
      w={170}
      data={[
        { value: "", label: "Single calls" },
        ...GROUPS.map((value) => ({ value, label: `Sums by ${FACET_WORDS[value]}` })),
      ]}
      value={group ?? ""}
      allowDeselect={false}
      onChange={(value) => onChange(GROUPS.find((one) => one === value) ?? null)}
    />
  );
}

type LinesOf = {
  readonly place: Place;
  readonly pathOf: (more: Record<string, string>) => string;
  readonly columns: readonly string[];
  readonly after: string | null;
  readonly everyMs: number | false;
  readonly onAfter: (after: string | null, history: "push" | "replace") => void;
};

/** A page of the calls, newest first. */
function Lines({ place, pathOf, columns, after, everyMs, onAfter }: LinesOf) {
  const client = useQueryClient();
  const queryKey = ["request-log", place, after];
  const page = useQuery({
    queryKey,
    queryFn: async () => {
      const before = client.getQueryData<MarkedPage<RequestLine>>(queryKey);
      const have = marksText(before?.marks ?? []);
      const query = { size: String(LINES_SHOWN), have, ...(after === null ? {} : { after }) };
      return wholePage(await api<MarkedPage<RequestLine>>(pathOf(query)), before);
    },
    placeholderData: keepPreviousData,
    // Only the newest page is live: an older one does not move.
    refetchInterval: after === null ? everyMs : false,
  });
  const failed = <Failed what="The calls could not be loaded" error={page.error} />;
  if (page.data === undefined) return failed;
  const { requests, next } = page.data;
  return (
    <>
      {failed}
      <LogTable lines={requests} columns={columns} />
      {requests.length === 0 && (
        <Card>
          <Empty>
            {next === null ? (
              <NextStep
                says="No calls match in this time range. Widen it, or remove a filter. To make the first call:"
                href="/setup"
                page="Get started"
              />
            ) : (
              "No match among the newest calls. Older calls may match."
            )}
          </Empty>
        </Card>
      )}
      <Group justify="flex-end" gap="xs" component="nav" aria-label="Pages of the log">
        <Button variant="default" disabled={after === null} onClick={() => onAfter(null, "replace")}>
          Newest
        </Button>
        <Button variant="default" disabled={next === null} onClick={() => onAfter(next, "push")}>
          Older calls
        </Button>
      </Group>
    </>
  );
}

const WHOLE = "all that match, at most the newest 50,000";

function Export({ pathOf }: { pathOf: (more: Record<string, string>) => string }) {
  return (
    <Group gap="sm">
      <Anchor size="sm" download href={`/api/admin/${pathOf({ format: "csv" })}`} title={WHOLE}>
        CSV
      </Anchor>
      <Anchor size="sm" download="requests.json" href={`/api/admin/${pathOf({})}`} title={WHOLE}>
        JSON
      </Anchor>
    </Group>
  );
}

type Place = LogPlace;
type Narrow = (change: Partial<Place>, history?: "push" | "replace") => void;

/** The log's filters, each with a button to remove it. Users are typed, because they are too many to list. */
function Chosen({ place, facets, narrow }: { place: Place; facets: FacetAnswer["facets"]; narrow: Narrow }) {
  const { range: _range, from: _from, to: _to, month: _month, ...filters } = place;
  const chosen = Object.entries(FACET_WORDS).flatMap(([name, words]) => {
    const value = Object.entries(filters).find(([one]) => one === name)?.[1] ?? null;
    if (value === null || name === "user") return [];
    const called =
      facets.find((one) => one.facet === name && one.value === value)?.name ??
      (name === "outcome" ? codeWords(value) : value);
    return [{ name, value, text: `${words}: ${called}` }];
  });
  return (
    <Group gap="xs">
      {chosen.map(({ name, value, text }) => (
        <Button key={name} title={value} size="compact-sm" variant="light" onClick={() => narrow({ [name]: null })}>
          {text} ×
        </Button>
      ))}
      {!isPreset(place) && (
        <Button size="compact-sm" variant="light" onClick={() => narrow({ from: null, to: null, month: null })}>
          Any time ×
        </Button>
      )}
      {place.tenant !== null && (
        <TextInput
          size="xs"
          aria-label="User"
          placeholder="User, whole name"
          value={place.user ?? ""}
          onChange={(event) => narrow({ user: event.currentTarget.value || null }, "replace")}
        />
      )}
    </Group>
  );
}
