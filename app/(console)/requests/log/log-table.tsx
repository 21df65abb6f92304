"use client";

import { Anchor, Card, Table } from "@mantine/core";
import Link from "next/link";
import type { RequestLine } from "@/lib/console/requests/requests";
import { Moment } from "../../../_ui/figures/moment";
import { COLUMNS } from "./columns";
import "./log-table.css";

/** The lines of the log. The time links to the call's explanation. */
export function LogTable({ lines, columns }: { lines: readonly RequestLine[]; columns: readonly string[] }) {
  const shown = COLUMNS.filter((one) => columns.includes(one.id));
  if (lines.length === 0) return null;
  return (
    <Card component="section" aria-label="Calls" padding={0}>
      <Table.ScrollContainer minWidth={0} type="native" tabIndex={0} role="group" aria-label="Calls, table">
        {/* One line per call: with three lines each, a page would show a third of the calls. */}
        <Table verticalSpacing={6} horizontalSpacing={5} fz="xs" className="log-lines" role="table">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Time</Table.Th>
              {shown.map(({ id, label, isFigure }) => (
                <Table.Th key={id} className={isFigure ? "figure" : ""}>
                  {label}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {lines.map((line) => (
              <Table.Tr key={line.requestId} role="row" data-kind={line.kind}>
                <Table.Td role="cell">
                  <Anchor component={Link} href={`/requests?id=${line.requestId}`} size="xs">
                    <Moment at={line.at} form="second" />
                  </Anchor>
                </Table.Td>
                {shown.map(({ id, label, isFigure, cell }) => (
                  <Table.Td key={id} role="cell" className={isFigure ? "figure" : ""} data-cell={id} data-label={label}>
                    {cell(line)}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}
