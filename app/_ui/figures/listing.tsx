"use client";

import { Card, Group, Table, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Empty } from "../notices/empty";

/** A table with a heading: the first column is text, the others are figures unless stated otherwise. */
export function Listing({
  title,
  heading = title,
  note,
  head,
  rows,
  empty,
  aside,
  texts = [],
  isRead = true,
}: {
  title: string;
  /** the title as it is shown, when it is more than its text */
  heading?: ReactNode;
  note?: ReactNode;
  head: readonly string[];
  rows: readonly { readonly id: string; readonly cells: readonly ReactNode[] }[];
  empty: ReactNode;
  aside?: ReactNode;
  /** further text columns, in addition to the first */
  texts?: readonly number[];
  /** whether the rows are the newest state, read from the server: without rows they may be old */
  isRead?: boolean;
}) {
  const isText = (index: number) => index === 0 || texts.includes(index);
  return (
    <Card component="section" aria-label={title}>
      <Group justify="space-between" align="flex-start" mb="xs">
        <div>
          <Title order={2} fz="md">
            {heading}
          </Title>
          {note !== undefined && (
            <Text size="xs" c="dimmed">
              {note}
            </Text>
          )}
        </div>
        {aside}
      </Group>
      {rows.length === 0 && (isRead ? <Empty>{empty}</Empty> : <Text size="sm">{empty}</Text>)}
      {rows.length > 0 && (
        <Table.ScrollContainer minWidth={0} type="native" tabIndex={0} role="group" aria-label={`${title}, table`}>
          <Table verticalSpacing="xs" className="stacks" role="table">
            <Table.Thead>
              <Table.Tr>
                {head.map((name, index) => (
                  <Table.Th key={name} className={isText(index) ? "" : "figure"}>
                    {name}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Table.Tr key={row.id} role="row">
                  {row.cells.map((cell, index) => (
                    <Table.Td
                      key={head[index]}
                      role="cell"
                      data-label={head[index]}
                      className={isText(index) ? "" : "figure"}
                    >
                      {cell}
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
