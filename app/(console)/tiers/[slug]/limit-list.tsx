import { Button, Paper, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { DraftLimit } from "@/lib/console/tiers/observed-draft.shared";
import { LimitForm } from "./limit-form";
import { NEW_LIMIT } from "./new-limit";

/** A limit with a form key, because a new limit has no id yet. */
export type LimitRow = DraftLimit & { readonly row: string };

type ListOf = {
  readonly owner: "tier" | "everyone";
  readonly rows: readonly LimitRow[];
  readonly isOld: (limit: LimitRow) => boolean;
  /** the limits in force, to mark those that differ */
  readonly published: readonly DraftLimit[];
  /** what a limit shows below its fields */
  readonly below?: (limit: LimitRow) => ReactNode;
  readonly empty: string;
  readonly onChange: (rows: readonly LimitRow[]) => void;
};

/** All limits of a tier or of everyone, one form each, and a button to add one. */
export function LimitList({ owner, rows, isOld, published, below, empty, onChange }: ListOf) {
  const layer = owner === "everyone" ? "ip" : NEW_LIMIT.layer;
  return (
    <>
      {rows.map((limit) => (
        <LimitForm
          key={limit.row}
          owner={owner}
          limit={limit}
          isOld={isOld(limit)}
          was={published.find(({ id }) => id !== undefined && id === limit.id) ?? null}
          below={isOld(limit) ? below?.(limit) : null}
          onChange={(next) => onChange(rows.map((one) => (one.row === limit.row ? { ...next, row: limit.row } : one)))}
          onRemove={() => onChange(rows.filter((one) => one.row !== limit.row))}
        />
      ))}
      {rows.length === 0 && (
        <Paper withBorder p="lg">
          <Text>{empty}</Text>
        </Paper>
      )}
      <Button
        variant="default"
        leftSection={<IconPlus size={16} />}
        style={{ alignSelf: "flex-start" }}
        onClick={() => onChange([...rows, { ...NEW_LIMIT, layer, row: `new-${rows.length}-${Date.now()}` }])}
      >
        Add a limit
      </Button>
    </>
  );
}

/** The limits without their form keys. */
export function limitsOf(rows: readonly LimitRow[]): DraftLimit[] {
  return rows.map(({ row: _row, ...limit }) => limit);
}
