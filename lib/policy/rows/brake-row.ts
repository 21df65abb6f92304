import { z } from "zod";
import type { ConfigRows } from "@/db/queries/limits/config";
import { type ActiveBrake, BRAKE_MODES, type BrakeScope, SCOPE_NAMES } from "@/lib/limits/brake";
import { asPriority } from "@/lib/limits/rules/priority";

export type Brake = ActiveBrake & {
  readonly reason: string;
  readonly publicMessage: string | null;
  /** Epoch ms */
  readonly createdAtMs: number;
  readonly createdBy: string;
};

/**
 * A stored brake, with its unreadable parts in words. It fails safe: an unknown mode blocks, and an unreadable scope
 * member does not narrow, so the brake stops more than intended, never less.
 */
export function readBrake(row: ConfigRows["brakes"][number]): { brake: Brake; faults: readonly string[] } {
  const known = BRAKE_MODES.find((mode) => mode === row.mode);
  const { scope, unread } = readScope(row.scope);
  const faults = [
    ...(known === undefined ? [`brake ${row.id}: unknown mode "${row.mode}", so it blocks`] : []),
    ...unread.map((member) => `brake ${row.id}: scope.${member} cannot be read, so it narrows nothing`),
  ];
  const { id, reason, publicMessage, createdBy } = row;
  const brake: Brake = {
    id,
    scope,
    mode: known ?? "block",
    reason,
    publicMessage,
    createdBy,
    createdAtMs: row.createdAt.getTime(),
    expiresAtMs: row.expiresAt?.getTime() ?? null,
    rampFromMs: row.rampFrom?.getTime() ?? null,
  };
  return { brake, faults };
}

function readScope(stored: unknown): { scope: BrakeScope; unread: readonly string[] } {
  const object = z.record(z.string(), z.unknown()).safeParse(stored);
  if (!object.success) return { scope: {}, unread: ["*"] };
  const scope: Partial<Record<(typeof SCOPE_NAMES)[number], string>> = {};
  const unread = Object.keys(object.data).filter(
    (name) => name !== "priority" && !SCOPE_NAMES.some((one) => one === name),
  );
  for (const member of SCOPE_NAMES) {
    const value = object.data[member];
    if (typeof value === "string") scope[member] = value;
    else if (value !== undefined) unread.push(member);
  }
  const said = object.data.priority;
  if (said === undefined) return { scope, unread };
  const priority = typeof said === "string" ? asPriority(said) : null;
  return priority === null ? { scope, unread: [...unread, "priority"] } : { scope: { ...scope, priority }, unread };
}
