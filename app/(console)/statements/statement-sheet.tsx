"use client";

import { Anchor, Badge, Card, Group, Table, Text, Title } from "@mantine/core";
import Link from "next/link";
import type { Line, StatementView, Sums } from "@/lib/console/money/statement/statement-lines";
import { count, dollarsExact } from "../../_ui/figures/format";
import { dayWords } from "../../_ui/time/day-words";

const HEAD = ["Calls", "Input tokens", "Cached input", "Output tokens", "Amount"];

/** One sheet, the same on screen and paper. */
export function StatementSheet({ of }: { of: StatementView }) {
  const { name, tenant, month, zone, total, isOver } = of;
  const lines = [of.byModel, of.byFeature, of.byKey, of.byDay].flat();
  const moneyOf = dollarsExact([total, ...lines].map((line) => line.costMicroUsd));
  return (
    <Card component="section" aria-label={`Statement of ${name}`} className="sheet">
      <Group justify="space-between" align="flex-start" mb="md">
        <div>
          <Title order={2} fz="xl">
            {name}
          </Title>
          <Text size="sm" c="dimmed">
            <Anchor component={Link} href={`/tenants/${tenant}`} size="sm" underline="always">
              {tenant}
            </Anchor>{" "}
            · {monthWords(month)}, time zone {zone}
          </Text>
        </div>
        <div style={{ textAlign: "right", marginLeft: "auto" }}>
          <Text fz="xl" fw={680} className="figure" data-testid="statement-total">
            {moneyOf(total.costMicroUsd)}
          </Text>
          {isOver ? (
            <Text size="sm" c="dimmed">
              whole month
            </Text>
          ) : (
            <Badge color="yellow.9" tt="none">
              month to date
            </Badge>
          )}
        </div>
      </Group>
      {total.calls === 0 && <Text>No calls in this month.</Text>}
      {total.calls > 0 && (
        <>
          <Part title="By model" first="Model" lines={of.byModel} {...{ total, moneyOf }} />
          <Part title="By feature" first="Feature" lines={of.byFeature} {...{ total, moneyOf }} />
          <Part title="By API key" first="Key" lines={of.byKey} {...{ total, moneyOf }} />
          <Part
            title="By day"
            first="Day"
            lines={of.byDay.map((line) => ({ ...line, name: dayWords(line.name) }))}
            {...{ total, moneyOf }}
          />
        </>
      )}
      <Text size="xs" c="dimmed" mt="md">
        US dollars. Each call is priced as of its admission. Every section adds up to the same total.
      </Text>
    </Card>
  );
}

type MoneyOf = (microUsd: number) => string;
type PartOf = { title: string; first: string; lines: readonly Line[]; total: Sums; moneyOf: MoneyOf };

function Part({ title, first, lines, total, moneyOf }: PartOf) {
  return (
    <section aria-label={title} className="part">
      <Title order={3} fz="md" mt="md" mb={4}>
        {title}
      </Title>
      <Table.ScrollContainer minWidth={0} type="native" tabIndex={0} role="group" aria-label={`${title}, table`}>
        <Table className="stacks" layout="fixed" role="table">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w="28%">{first}</Table.Th>
              {HEAD.map((name) => (
                <Table.Th key={name} ta="right" className="figure">
                  {name}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {lines.map((line) => (
              <Row key={line.subject} name={line.name} sums={line} moneyOf={moneyOf} />
            ))}
            <Row name="Total" sums={total} moneyOf={moneyOf} isTotal />
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </section>
  );
}

function Row({
  name,
  sums,
  moneyOf,
  isTotal = false,
}: {
  name: string;
  sums: Sums;
  moneyOf: MoneyOf;
  isTotal?: boolean;
}) {
  const { calls, inputTokens, cachedInputTokens, outputTokens, costMicroUsd } = sums;
  const cells = [
    count(calls),
    count(inputTokens),
    count(cachedInputTokens),
    count(outputTokens),
    moneyOf(costMicroUsd),
  ];
  return (
    <Table.Tr role="row" fw={isTotal ? 650 : 400}>
      <Table.Td role="cell" style={{ overflowWrap: "anywhere" }}>
        {name}
      </Table.Td>
      {cells.map((cell, index) => (
        <Table.Td key={HEAD[index]} role="cell" data-label={HEAD[index]} ta="right" className="figure">
          {cell}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

/** "November 2026". */
function monthWords(month: string): string {
  const first = new Date(`${month}-01T00:00:00Z`);
  return first.toLocaleString("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });
}
