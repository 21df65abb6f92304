import { ActionIcon, Badge, Table, Text, TextInput, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconChevronRight, IconTrash } from "@tabler/icons-react";
import dynamic from "next/dynamic";
import { memo, useState } from "react";
import {
  type ComparedLimit,
  changedCells,
  type LimitCell,
  undoneCell,
} from "@/lib/console/tiers/cells/limit-cells.shared";
import { type CellFaults, cellFaults } from "@/lib/console/tiers/cells/limit-faults.shared";
import type { DraftLimit } from "@/lib/console/tiers/observed-draft.shared";
import { CELL_HEADS, cellWords, type LimitOwner, settingsWords } from "./cell-words";
import { Control } from "./limit-controls";
import type { TierOf } from "./limit-settings";
import { Marked } from "./marked";

// Loaded when it is opened.
const LimitSettings = dynamic(() => import("./limit-settings").then((part) => part.LimitSettings), {
  ssr: false,
  loading: () => <div className="limit-settings" aria-busy />,
});

const SHOWN = ["layer", "dimension", "capacity", "window", "algorithm", "observe", "failureMode"] as const;
export const COLUMNS: readonly { readonly cell: LimitCell; readonly head: string }[] = SHOWN.map((cell) => ({
  cell,
  head: CELL_HEADS[cell],
}));
const OPEN_ONLY = ["refill", "burstCredit", "onExceed", "match"] as const satisfies readonly LimitCell[];

type LineOf = {
  readonly owner: LimitOwner;
  readonly state: ComparedLimit["state"];
  /** null: it is removed */
  readonly limit: DraftLimit | null;
  readonly was: DraftLimit | null;
  readonly isTwice: boolean;
  readonly isJustAdded: boolean;
  readonly canEdit: boolean;
  readonly historyOf: TierOf | null;
  readonly row: string;
  readonly onChange: (row: string, limit: DraftLimit) => void;
  readonly onRemove: (row: string) => void;
  readonly onRestore: (limit: DraftLimit) => void;
};

/** One limit as a row of the table, and below it what has no column. */
export const LimitLine = memo(function LimitLine({ row, onChange, onRemove, onRestore, ...of }: LineOf) {
  const { limit, was, state, canEdit, owner, historyOf } = of;
  const [isOpen, setIsOpen] = useState(false);
  const now = limit ?? was;
  if (now === null) return null;
  const label = now.name || "new limit";
  const changed = was === null || limit === null ? [] : changedCells(was, limit);
  const faults = limit === null ? {} : cellFaults(limit, of.isTwice);
  const isShown = limit !== null && (isOpen || OPEN_ONLY.some((cell) => faults[cell] !== undefined));
  const change = (next: DraftLimit) => onChange(row, next);
  return (
    <Table.Tbody className={`limit limit-${state}`} aria-label={label} role="rowgroup">
      <Table.Tr role="row">
        <Table.Td role="cell" className="limit-first">
          <NameCell
            {...of}
            {...{ now, label, changed, isShown }}
            fault={faults.name}
            onToggle={() => setIsOpen(!isShown)}
            onChange={change}
          />
        </Table.Td>
        {COLUMNS.map(({ cell, head }) => (
          <Table.Td
            key={cell}
            role="cell"
            data-cell={cell}
            data-label={head}
            className={changed.includes(cell) ? "is-changed" : ""}
          >
            {limit === null || !canEdit ? (
              <span className="limit-text">{cellWords(cell, now, owner)}</span>
            ) : (
              <Marked
                label={`${head} of ${label}`}
                was={was !== null && changed.includes(cell) ? cellWords(cell, was, owner) : null}
                fault={faults[cell]}
                onUndo={was === null ? null : () => change(undoneCell(limit, was, cell))}
              >
                {(marks) => (
                  <Control
                    {...{ cell, owner, limit, marks }}
                    label={`${head} of ${label}`}
                    set={(part) => change({ ...limit, ...part })}
                  />
                )}
              </Marked>
            )}
          </Table.Td>
        ))}
        {canEdit && (
          <Table.Td role="cell" className="limit-acts">
            <Tooltip label={limit === null ? "Keep" : "Remove"}>
              <ActionIcon
                variant="subtle"
                color={limit === null ? "gray" : "red"}
                size={28}
                aria-label={limit === null ? `Keep ${label}` : `Remove ${label}`}
                onClick={() => (limit === null ? onRestore(now) : onRemove(row))}
              >
                {limit === null ? <IconArrowBackUp size={16} aria-hidden /> : <IconTrash size={16} aria-hidden />}
              </ActionIcon>
            </Tooltip>
          </Table.Td>
        )}
      </Table.Tr>
      {isShown && (
        <Table.Tr role="row" className="limit-more">
          <Table.Td role="cell" colSpan={COLUMNS.length + (canEdit ? 2 : 1)}>
            <LimitSettings
              {...{ owner, limit, was, faults, canEdit }}
              historyOf={was === null ? null : historyOf}
              onChange={change}
            />
          </Table.Td>
        </Table.Tr>
      )}
    </Table.Tbody>
  );
});

type NameCellOf = Pick<LineOf, "state" | "limit" | "canEdit" | "isJustAdded"> & {
  readonly now: DraftLimit;
  readonly label: string;
  readonly changed: readonly LimitCell[];
  readonly isShown: boolean;
  readonly fault: CellFaults["name"];
  readonly onToggle: () => void;
  readonly onChange: (limit: DraftLimit) => void;
};

/** The name, what the row is, and the settings that have no column. */
function NameCell(of: NameCellOf) {
  const { state, limit, canEdit, isJustAdded, now, label, changed, isShown, fault, onToggle, onChange } = of;
  return (
    <div className="limit-name">
      {limit !== null && (
        <ActionIcon
          variant="subtle"
          color="gray"
          size={24}
          aria-expanded={isShown}
          aria-label={`More of ${label}`}
          onClick={onToggle}
        >
          <IconChevronRight size={16} aria-hidden className={isShown ? "limit-open" : ""} />
        </ActionIcon>
      )}
      <div>
        {state === "added" && canEdit && limit !== null ? (
          <NewName limit={limit} fault={fault} isJustAdded={isJustAdded} onChange={onChange} />
        ) : (
          <Text size="sm" fw={600} component="span" className="limit-word">
            {now.name}
          </Text>
        )}
        <State state={state} changed={changed} />
        {limit !== null && settingsWords(limit) !== "" && (
          <Text size="xs" c="dimmed">
            {settingsWords(limit)}
          </Text>
        )}
      </div>
    </div>
  );
}

type NewNameOf = {
  readonly limit: DraftLimit;
  readonly fault: CellFaults["name"];
  readonly isJustAdded: boolean;
  readonly onChange: (limit: DraftLimit) => void;
};

/** A name is permanent after its first version. */
function NewName({ limit, fault, isJustAdded, onChange }: NewNameOf) {
  return (
    <Marked label="Name" was={null} fault={fault} onUndo={null}>
      {(marks) => (
        <TextInput
          size="xs"
          aria-label={limit.name === "" ? "Name of the new limit" : `Name of ${limit.name}`}
          placeholder="name, permanent"
          value={limit.name}
          onChange={(event) => onChange({ ...limit, name: event.currentTarget.value })}
          {...(isJustAdded ? { ref: focus } : {})}
          {...marks}
        />
      )}
    </Marked>
  );
}

const focus = (input: HTMLInputElement | null) => input?.focus();

/** How the limit differs from the published one, in a word. */
function State({ state, changed }: Pick<LineOf, "state"> & { readonly changed: readonly LimitCell[] }) {
  if (state === "same") return null;
  const words = state === "added" ? "new" : state === "removed" ? "removed" : `${changed.length} changed`;
  return (
    <Badge color={COLOURS[state]} variant="light" size="sm" tt="none">
      {words}
    </Badge>
  );
}

const COLOURS = { added: "teal", removed: "red", changed: "yellow" } as const;
