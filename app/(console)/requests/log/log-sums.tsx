"use client";

import { Anchor, Box, Card, Skeleton, Table, Text, UnstyledButton } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { LogSumsView, LogSumView, SumOrder } from "@/lib/console/requests/log-sums";
import { api } from "../../../_ui/data/api";
import { count, dollarsAlike, plural } from "../../../_ui/figures/format";
import { Moment } from "../../../_ui/figures/moment";
import { NONE_BEFORE, useIsOld } from "../../../_ui/notices/empty";
import { Failed } from "../../../_ui/shell/page-head";
import { codeWords } from "../../../_ui/words/code-words";
import { FACET_WORDS, type LogGroup, type LogPlace, narrowedTo } from "./log-filter";

type Figure = {
  readonly order: SumOrder;
  readonly label: string;
  readonly of: (sum: LogSumView, moneyOf: (microUsd: number) => string) => string;
};

const FIGURES: readonly Figure[] = [
  { order: "calls", label: "Calls", of: ({ calls }) => count(calls) },
  { order: "failed", label: "Failed", of: ({ failed }) => count(failed) },
  { order: "refused", label: "Refused", of: ({ refused }) => count(refused) },
  { order: "tokens", label: "Tokens", of: ({ inputTokens, outputTokens }) => count(inputTokens + outputTokens) },
  { order: "cost", label: "Cost", of: ({ costMicroUsd }, moneyOf) => moneyOf(costMicroUsd) },
];

const SIZES: Readonly<Record<SumOrder, (sum: LogSumView) => number>> = {
  calls: (sum) => sum.calls,
  failed: (sum) => sum.failed,
  refused: (sum) => sum.refused,
  tokens: (sum) => sum.inputTokens + sum.outputTokens,
  cost: (sum) => sum.costMicroUsd,
};

type Props = {
  readonly by: LogGroup;
  readonly order: SumOrder;
  /** query for the server, with these members in addition to the filter */
  readonly pathOf: (more: Record<string, string>) => string;
  /** the filter: the cache key of the answer */
  readonly place: LogPlace;
  readonly everyMs: number | false;
  readonly onOrder: (order: SumOrder) => void;
  readonly onNarrow: (change: Partial<LogPlace>) => void;
};

/** Sums of the log's calls by one dimension, largest first. A value links to its calls. */
export function LogSums({ by, order, pathOf, place, everyMs, onOrder, onNarrow }: Props) {
  const found = useQuery({
    queryKey: ["request-log", "sums", place, by, order],
    queryFn: () => api<LogSumsView>(pathOf({ by, order }).replace("requests?", "requests/sums?")),
    placeholderData: keepPreviousData,
    refetchInterval: everyMs,
  });
  const isOld = useIsOld();
  const failed = <Failed what="The sums could not be loaded" error={found.error} />;
  if (found.data === undefined) return found.error === null ? <Skeleton h={320} radius="md" /> : failed;
  const { sums, total, summedFrom } = found.data;
  const hasTenant = by !== "tenant" && sums.some(({ tenant }) => tenant !== null);
  const moneyOf = dollarsAlike(sums.map(({ costMicroUsd }) => costMicroUsd));
  const most = Math.max(1, ...sums.map(SIZES[order]));
  return (
    <Card component="section" aria-label={`Sums by ${FACET_WORDS[by]}`} padding="sm">
      {failed}
      <Text size="xs" c="dimmed" role="status">
        {total === 0 && isOld ? NONE_BEFORE : noteOf(sums.length, total)}
        {summedFrom !== null && (
          <>
            {" "}
            Only calls since <Moment at={summedFrom} form="short" /> are summed: narrow the time or choose a tenant.
          </>
        )}
      </Text>
      {sums.length > 0 && (
        <Table.ScrollContainer minWidth={0} type="native" tabIndex={0} role="group" aria-label="Sums, table">
          <Table verticalSpacing={6} horizontalSpacing="sm" fz="sm" className="stacks" role="table">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{FACET_WORDS[by]}</Table.Th>
                {hasTenant && <Table.Th>Tenant</Table.Th>}
                {FIGURES.map((figure) => (
                  <HeadOf key={figure.order} figure={figure} isChosen={figure.order === order} onOrder={onOrder} />
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {sums.map((sum) => (
                <Table.Tr key={`${sum.tenant} ${sum.value}`} role="row">
                  <Table.Td role="cell" data-label={FACET_WORDS[by]}>
                    <ValueOf by={by} sum={sum} onNarrow={onNarrow} />
                    <Share of={SIZES[order](sum) / most} />
                  </Table.Td>
                  {hasTenant && (
                    <Table.Td role="cell" data-label="Tenant" title={sum.tenant ?? ""}>
                      {sum.tenantName ?? sum.tenant}
                    </Table.Td>
                  )}
                  {FIGURES.map(({ order: id, label, of }) => (
                    <Table.Td key={id} role="cell" data-label={label} className="figure" ta="right">
                      {of(sum, moneyOf)}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Card>
  );
}

function HeadOf(props: { figure: Figure; isChosen: boolean; onOrder: (order: SumOrder) => void }) {
  const { figure, isChosen, onOrder } = props;
  return (
    <Table.Th className="figure" ta="right" aria-sort={isChosen ? "descending" : "none"}>
      <UnstyledButton fz="sm" fw={700} onClick={() => onOrder(figure.order)}>
        {/* Before the word, so that words and figures align at the end. The width is the same without it. */}
        <Box component="span" aria-hidden style={{ visibility: isChosen ? "visible" : "hidden" }}>
          ↓{" "}
        </Box>
        {figure.label}
      </UnstyledButton>
    </Table.Th>
  );
}

function ValueOf({ by, sum, onNarrow }: { by: LogGroup; sum: LogSumView } & Pick<Props, "onNarrow">) {
  const words = by === "outcome" ? codeWords(sum.value) : sum.value;
  if (sum.value === "") {
    return (
      <Text span size="sm" c="dimmed">
        none named
      </Text>
    );
  }
  return (
    <>
      <Anchor component="button" type="button" size="sm" ta="left" onClick={() => onNarrow(narrowedTo(by, sum))}>
        {sum.name ?? words}
      </Anchor>
      {sum.name !== null && (
        <Text span size="xs" c="dimmed" ml={6}>
          {sum.value}
        </Text>
      )}
    </>
  );
}

/** Its share of the largest; the figures beside it give the numbers. */
function Share({ of }: { of: number }) {
  const width = `${Math.round(of * 100)}%`;
  return <Box h={3} mt={3} w={width} bg="river.4" aria-hidden style={{ borderRadius: 2 }} visibleFrom="sm" />;
}

function noteOf(shown: number, total: number): string {
  if (total === 0) return "No calls match in this time range. Widen it, or remove a filter.";
  const note = "Tokens and cost are those of calls that reached a provider.";
  return shown < total ? `The first ${count(shown)} of ${plural(total, "line")}. ${note}` : note;
}
