"use client";

import { Badge, Button, Card, FileInput, Group, Select, Skeleton, Stack, Text } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useQueryState } from "nuqs";
import { useState } from "react";
import type { CounterDrift, DriftLine } from "@/lib/console/money/reconciliation";
import { api } from "../../_ui/data/api";
import { CsvButton } from "../../_ui/data/csv-button";
import { useFoundTenants } from "../../_ui/data/found";
import { count, dollars, dollarsAlike } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { FormDialog } from "../../_ui/forms/dialog";
import { isReason, ReasonInput } from "../../_ui/forms/inputs";
import { TenantSelect } from "../../_ui/forms/tenant-select";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { dayWords } from "../../_ui/time/day-words";
import { TimePicker } from "../../_ui/time/time-picker";
import { dayQuery } from "../../_ui/time/time-range";
import { useTimeChoice } from "../../_ui/time/use-time-choice";
import { NextStep } from "../../_ui/words/next-step";
import { Term } from "../../_ui/words/term";

/** Our ledger compared with the providers' bills, and the counters compared with the ledger. */
export function ReconciliationPage({ canEdit }: { canEdit: boolean }) {
  const [isOpen, setIsOpen] = useState(false);
  const [chosen, setProvider] = useQueryState("provider");
  const catalog = useQuery({
    queryKey: ["catalog"],
    queryFn: () => api<{ providers: { slug: string; name: string }[] }>("catalog"),
  });
  const provider = chosen ?? catalog.data?.providers[0]?.slug ?? null;
  const [time, setTime] = useTimeChoice("30d");
  const asked = { provider: provider ?? "", ...dayQuery(time, Date.now()) };
  const drift = useQuery({
    queryKey: ["reconciliation", provider, time],
    queryFn: () => api<{ rows: DriftLine[] }>(`reconciliation?${new URLSearchParams(asked)}`),
    enabled: provider !== null,
  });
  const isBare = provider === null && catalog.data !== undefined;
  return (
    <Stack gap="md">
      <PageHead
        title="Reconciliation"
        about={
          <>
            Compares the <Term of="ledger" /> with the provider&apos;s bill, per day and model. Days are in UTC.
          </>
        }
      >
        <Select
          aria-label="Provider"
          w={180}
          data={catalog.data?.providers.map((one) => ({ value: one.slug, label: one.name })) ?? []}
          value={provider}
          allowDeselect={false}
          onChange={(value) => void setProvider(value)}
        />
        <CsvButton
          href={
            provider === null ? null : `/api/admin/reconciliation?${new URLSearchParams({ ...asked, format: "csv" })}`
          }
        />
        {canEdit && (
          <Button leftSection={<IconUpload size={16} />} disabled={provider === null} onClick={() => setIsOpen(true)}>
            Import…
          </Button>
        )}
      </PageHead>
      <TimePicker choice={time} presets={["7d", "30d"]} onChange={setTime} />
      <Failed what="The ledger could not be compared" error={catalog.error ?? drift.error} />
      {isBare && (
        <Card>
          <Text size="sm">
            <NextStep
              says="No providers yet, so there is no bill to compare. Add one:"
              href="/providers"
              page="Providers"
            />
          </Text>
        </Card>
      )}
      {drift.data === undefined && !isBare && (catalog.error ?? drift.error) === null && (
        <Skeleton h={420} radius="md" />
      )}
      {drift.data !== undefined && <Comparison rows={drift.data.rows} />}
      {drift.data !== undefined && <Counters canEdit={canEdit} />}
      {isOpen && provider !== null && <Import provider={provider} onClose={() => setIsOpen(false)} />}
    </Stack>
  );
}

/** Each day and model: the ledger's sum, and the provider's bill. */
function Comparison({ rows }: { rows: readonly DriftLine[] }) {
  const moneyOf = dollarsAlike(rows.flatMap((line) => [line.bookedMicroUsd, line.billedMicroUsd ?? 0]));
  const differenceOf = dollarsAlike(rows.map((line) => line.driftMicroUsd ?? 0));
  return (
    <Listing
      title="Ledger and bill"
      note="difference = billed minus booked; a dash = not in the export"
      head={[
        ...["Day", "Model", "Calls booked", "Calls billed", "Tokens booked", "Tokens billed"],
        ...["Cost booked", "Cost billed", "Difference"],
      ]}
      texts={[1]}
      empty="No calls and no import in this time range."
      rows={[...rows].reverse().map((line) => ({
        id: `${line.day} ${line.model}`,
        cells: [
          dayWords(line.day),
          line.model,
          count(line.bookedCalls),
          figure(line.billedCalls),
          count(line.bookedInputTokens + line.bookedOutputTokens),
          figure(line.billedInputTokens === null ? null : line.billedInputTokens + (line.billedOutputTokens ?? 0)),
          moneyOf(line.bookedMicroUsd),
          line.billedMicroUsd === null ? "–" : moneyOf(line.billedMicroUsd),
          <Difference key="difference" line={line} moneyOf={differenceOf} />,
        ],
      }))}
    />
  );
}

function Difference({ line, moneyOf }: { line: DriftLine; moneyOf: (microUsd: number) => string }) {
  if (line.driftMicroUsd === null) return <>–</>;
  const share = line.bookedMicroUsd === 0 ? 1 : Math.abs(line.driftMicroUsd) / line.bookedMicroUsd;
  return (
    <Badge color={share > 0.01 ? "red.9" : "teal.9"} tt="none">
      {line.driftMicroUsd > 0 ? "+" : ""}
      {moneyOf(line.driftMicroUsd)}
    </Badge>
  );
}

/** A tenant's money counters: enforced and booked. */
function Counters({ canEdit }: { canEdit: boolean }) {
  const [chosen, setTenant] = useState<string | null>(null);
  const [repaired, setRepaired] = useState<CounterDrift | null>(null);
  const tenants = useFoundTenants("", { limit: 20 });
  const tenant = chosen ?? tenants.data?.tenants[0]?.slug ?? null;
  const counters = useQuery({
    queryKey: ["counters", tenant],
    queryFn: () =>
      api<{ counters: CounterDrift[] }>(`reconciliation/counters?tenant=${encodeURIComponent(tenant ?? "")}`),
    enabled: tenant !== null,
  });
  const lines = counters.data?.counters ?? [];
  const moneyOf = dollarsAlike(
    lines.flatMap((line) => [line.usedMicroUsd, line.reservedMicroUsd, line.bookedMicroUsd]),
  );
  const differenceOf = dollarsAlike(lines.map((line) => line.driftMicroUsd));
  return (
    <>
      <Failed what="The counters could not be read" error={counters.error} />
      <Listing
        title="Counters and ledger"
        note={
          <>
            counters without the <Term of="reservation">reservations</Term> of running calls, compared with the ledger:
            their <Term of="drift" />
          </>
        }
        head={["Limit", "Counted", "Held", "Booked", "Difference", "Actions"]}
        empty={
          counters.error !== null
            ? "Unknown while the counters cannot be read."
            : tenant === null
              ? "There are no tenants yet."
              : "This tenant has no calendar limit of cost."
        }
        aside={
          <TenantSelect
            size="xs"
            w={180}
            aria-label="Tenant"
            value={tenant}
            allowDeselect={false}
            onChange={setTenant}
          />
        }
        rows={lines.map((line) => ({
          id: line.limit,
          cells: [
            line.limit,
            moneyOf(line.usedMicroUsd),
            moneyOf(line.reservedMicroUsd),
            moneyOf(line.bookedMicroUsd),
            differenceOf(line.driftMicroUsd),
            canEdit && line.driftMicroUsd !== 0 ? (
              <Button
                key="repair"
                variant="subtle"
                size="compact-xs"
                onClick={() => setRepaired(line)}
                aria-label={`Repair… ${line.limit}`}
              >
                Repair…
              </Button>
            ) : (
              "–"
            ),
          ],
        }))}
      />
      {repaired !== null && <Repair line={repaired} onClose={() => setRepaired(null)} />}
    </>
  );
}

function Repair({ line, onClose }: { line: CounterDrift; onClose: () => void }) {
  const [reason, setReason] = useState("");
  return (
    <FormDialog
      title={`Repair ${line.limit} of ${line.tenant}`}
      label="Repair it"
      done="The counter now equals the ledger."
      isReady={isReason(reason)}
      submit={() =>
        api("reconciliation/repair", {
          method: "POST",
          body: { tenant: line.tenant, limit: line.limit, reason: reason.trim() },
        })
      }
      onClose={onClose}
    >
      <Text size="sm">
        The counter goes from {dollars(line.usedMicroUsd)} to {dollars(line.bookedMicroUsd + line.reservedMicroUsd)}:
        what is booked, and what running calls hold.
      </Text>
      <ReasonInput value={reason} onChange={setReason} />
    </FormDialog>
  );
}

function Import({ provider, onClose }: { provider: string; onClose: () => void }) {
  const [file, setFile] = useState<File | null>(null);
  return (
    <FormDialog
      title={`Import the bill of ${provider}`}
      label="Import bill"
      done="Imported. The table compares it with the ledger."
      isReady={file !== null}
      submit={async () =>
        api("reconciliation/imports", { method: "POST", body: { provider, content: await file?.text() } })
      }
      onClose={onClose}
    >
      <Text size="sm">
        The usage or cost export of OpenAI or Anthropic, as JSON or CSV. It replaces earlier imports for the same days.
      </Text>
      <Group grow>
        <FileInput
          label="File"
          placeholder="Choose a file"
          accept=".json,.csv,application/json,text/csv"
          value={file}
          onChange={setFile}
          required
        />
      </Group>
    </FormDialog>
  );
}

function figure(value: number | null): string {
  return value === null ? "–" : count(value);
}
