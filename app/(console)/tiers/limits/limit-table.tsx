import { Button, Card, Group, Table, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { type KeyboardEvent, useCallback, useMemo, useRef, useState } from "react";
import { compareLimits, countChanges, withRestored } from "@/lib/console/tiers/cells/limit-cells.shared";
import { cellFaults } from "@/lib/console/tiers/cells/limit-faults.shared";
import type { DraftLimit } from "@/lib/console/tiers/observed-draft.shared";
import { plural } from "../../../_ui/figures/format";
import type { LimitOwner } from "./cell-words";
import { COLUMNS, LimitLine } from "./limit-line";
import type { TierOf } from "./limit-settings";
import "./limit-table.css";
import { NEW_LIMIT } from "./new-limit";

/** A limit with a form key, because a new limit has no id yet. */
export type LimitRow = DraftLimit & { readonly row: string };

type TableOf = {
  readonly owner: LimitOwner;
  readonly rows: readonly LimitRow[];
  /** the limits in force, to mark what differs */
  readonly published: readonly DraftLimit[];
  readonly canEdit: boolean;
  /** whose history each limit has; null = none by limit */
  readonly historyOf: TierOf | null;
  readonly empty: string;
  readonly onChange: (change: (rows: readonly LimitRow[]) => readonly LimitRow[]) => void;
};

/** All limits of a tier or of everyone in one table, edited in place. Each cell that differs is marked. */
export function LimitTable({ owner, rows, published, canEdit, historyOf, empty, onChange }: TableOf) {
  const compared = useMemo(() => compareLimits(published, rows), [published, rows]);
  const [added, setAdded] = useState<string | null>(null);
  const change = useCallback(
    (row: string, next: DraftLimit) => onChange((all) => all.map((one) => (one.row === row ? { ...next, row } : one))),
    [onChange],
  );
  const remove = useCallback((row: string) => onChange((all) => all.filter((one) => one.row !== row)), [onChange]);
  const restore = useCallback(
    (limit: DraftLimit) =>
      onChange((all) => withRestored(compareLimits(published, all), { ...limit, row: rowOf(limit) })),
    [onChange, published],
  );
  const serial = useRef(0);
  const add = () => {
    serial.current += 1;
    const row = `new-${serial.current}-${Date.now()}`;
    const layer = owner === "everyone" ? "ip" : NEW_LIMIT.layer;
    onChange((all) => [...all, { ...NEW_LIMIT, layer, row }]);
    setAdded(row);
  };
  return (
    <Card component="section" aria-label="Limits" className="limits-card">
      <Group justify="space-between" mb="xs" gap="xs">
        <Text size="sm" c="dimmed">
          {plural(rows.length, "limit")} · calendar windows are{" "}
          {owner === "everyone" ? "in UTC" : "in the tenant's time zone"}
        </Text>
        {canEdit && (
          <Button size="xs" variant="default" leftSection={<IconPlus size={14} />} onClick={add}>
            Add a limit
          </Button>
        )}
      </Group>
      {compared.length === 0 ? (
        <Text size="sm">{empty}</Text>
      ) : (
        <div className="limits-scroll">
          <Table className="limits" role="table" aria-label="Limits" withRowBorders={false} onKeyDown={toNextRow}>
            <Table.Thead role="rowgroup">
              <Table.Tr role="row">
                <Table.Th role="columnheader" scope="col">
                  Name
                </Table.Th>
                {COLUMNS.map(({ cell, head }) => (
                  <Table.Th key={cell} role="columnheader" scope="col" data-cell={cell}>
                    {head}
                  </Table.Th>
                ))}
                {canEdit && <Table.Td role="cell" className="limit-acts" aria-label="Actions" />}
              </Table.Tr>
            </Table.Thead>
            {compared.map(({ state, limit, was }) => {
              const row = limit === null ? rowOf(was) : limit.row;
              const isTwice = limit !== null && rows.some((one) => one !== limit && one.name === limit.name);
              return (
                <LimitLine
                  key={row}
                  {...{ owner, state, limit, was, isTwice, canEdit, historyOf, row }}
                  isJustAdded={row === added}
                  onChange={change}
                  onRemove={remove}
                  onRestore={restore}
                />
              );
            })}
          </Table>
        </div>
      )}
    </Card>
  );
}

/** The rows of limits in the editor. */
export function rowsOf(limits: readonly DraftLimit[]): LimitRow[] {
  return limits.map((limit) => ({ ...limit, row: rowOf(limit) }));
}

/** The limits without their form keys. */
export function limitsOf(rows: readonly LimitRow[]): DraftLimit[] {
  return rows.map(({ row: _row, ...limit }) => limit);
}

/** How many cells and rows differ from what is published; 0 = none. */
export function limitChanges(published: readonly DraftLimit[], limits: readonly DraftLimit[]): number {
  return countChanges(compareLimits(published, limits), published);
}

/** How many values cannot be published. */
export function limitFaults(rows: readonly DraftLimit[]): number {
  const isTwice = (limit: DraftLimit) => rows.some((one) => one !== limit && one.name === limit.name);
  return rows.reduce((sum, limit) => sum + Object.keys(cellFaults(limit, isTwice(limit))).length, 0);
}

function rowOf(limit: DraftLimit): string {
  return limit.id ?? `draft-${limit.name}`;
}

/** Enter goes to the same cell of the next limit, with Shift to the one before: it must not publish half an edit. */
function toNextRow(event: KeyboardEvent<HTMLElement>): void {
  const { target, key, shiftKey } = event;
  if (key !== "Enter" || !(target instanceof HTMLInputElement)) return;
  event.preventDefault();
  const cell = target.closest("td")?.dataset.cell;
  if (cell === undefined) return;
  const controls = [...event.currentTarget.querySelectorAll(`td[data-cell=${cell}] :is(input, select)`)];
  const next = controls[controls.indexOf(target) + (shiftKey ? -1 : 1)];
  if (!(next instanceof HTMLElement)) return;
  next.focus();
  if (next instanceof HTMLInputElement) next.select();
}
