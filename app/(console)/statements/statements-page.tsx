"use client";

import { Button, Card, Group, Skeleton, Stack, Text } from "@mantine/core";
import { IconPrinter } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { parseAsString, useQueryStates } from "nuqs";
import type { StatementView } from "@/lib/console/money/statement/statement-lines";
import { api } from "../../_ui/data/api";
import { CsvButton } from "../../_ui/data/csv-button";
import { useFoundTenants } from "../../_ui/data/found";
import { TenantSelect } from "../../_ui/forms/tenant-select";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { MonthPicker } from "../../_ui/time/month-picker";
import { monthBack } from "../../_ui/time/time-range";
import { NextStep } from "../../_ui/words/next-step";
import { StatementSheet } from "./statement-sheet";

/** A tenant's use in a calendar month: to read, print or save as a table. */
export function StatementsPage() {
  const [place, setPlace] = useQueryStates({ tenant: parseAsString, month: parseAsString });
  const first = useFoundTenants("", { limit: 1 });
  const tenant = place.tenant ?? first.data?.tenants[0]?.slug ?? null;
  const month = place.month ?? monthBack(new Date(), 1);
  const query = new URLSearchParams({ month, ...(tenant === null ? {} : { tenant }) });
  const statement = useQuery({
    queryKey: ["statement", tenant, month],
    queryFn: () => api<StatementView>(`statement?${query}`),
    enabled: tenant !== null && /^\d{4}-\d{2}$/.test(month),
  });
  const isEmpty = first.data?.tenants.length === 0 && place.tenant === null;
  return (
    <Stack gap="md" maw={1100}>
      <div className="no-print">
        <PageHead title="Statements" about="Usage of a tenant in one calendar month of its time zone.">
          <Button
            variant="default"
            leftSection={<IconPrinter size={16} />}
            disabled={statement.data === undefined}
            onClick={() => window.print()}
          >
            Print or save as PDF
          </Button>
          <CsvButton href={statement.data === undefined ? null : `/api/admin/statement?${query}&format=csv`} />
        </PageHead>
      </div>
      <Group align="flex-end" className="no-print">
        <TenantSelect
          label="Tenant"
          value={tenant}
          allowDeselect={false}
          onChange={(value) => void setPlace({ tenant: value })}
        />
        <MonthPicker month={month} onChange={(value) => void setPlace({ month: value })} />
      </Group>
      <Failed what="The statement could not be made" error={statement.error ?? first.error} />
      {isEmpty && (
        <Card>
          <Text size="sm">
            <NextStep
              says="There are no tenants yet, so there is no statement."
              href="/setup"
              page="Get started: five steps to your first call"
            />
          </Text>
        </Card>
      )}
      {statement.data === undefined && (statement.error ?? first.error) === null && !isEmpty && (
        <Skeleton h={640} radius="md" />
      )}
      {statement.data !== undefined && <StatementSheet of={statement.data} />}
    </Stack>
  );
}
