import { createHmac } from "node:crypto";

/** The content of a row of the audit log. */
export type AuditEntry = {
  readonly actor: string;
  readonly role: string;
  readonly address: string;
  /** noun.verb */
  readonly action: string;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
};

/** HMAC over the row and the hash before it: changing, removing or reordering any row breaks the chain from there on. */
export function auditHash(key: string, row: { at: Date; previousHash: string } & AuditEntry): string {
  const text = JSON.stringify([
    row.previousHash,
    row.at.toISOString(),
    row.actor,
    row.role,
    row.address,
    row.action,
    row.target,
    sorted(row.before),
    sorted(row.after),
    row.reason,
  ]);
  return createHmac("sha256", key).update(text).digest("hex");
}

/** jsonb does not keep the order of keys, so the hash must not depend on it. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value ?? null;
  // A moment is read back as text. Hashed in another form, its row would seem changed.
  if (value instanceof Date) return value.toJSON();
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    entries.sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, member]) => [name, sorted(member)]),
  );
}
