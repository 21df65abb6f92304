import { z } from "zod";
import { type AuditRow, readAudit } from "@/db/queries/audit";
import { brokenAuditRow } from "./change";
import type { AdminAnswer, AdminRequest } from "./door";
import { parsed } from "./input";

const auditQuery = z.strictObject({
  /** rows older than this one */
  before: z.coerce.number().int().min(1).optional(),
  action: z.string().max(64).optional(),
  target: z.string().max(128).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

export type AuditView = ReturnType<typeof shown>;

/** GET /api/admin/audit?before=&action=&target=&limit=: the newest first; `next` is the cursor of the page after. */
export async function listAudit({ console, query }: AdminRequest): Promise<AdminAnswer> {
  const input = parsed(auditQuery, Object.fromEntries(query));
  const rows = await readAudit(console.db, { ...input, limit: input.limit + 1 });
  const page = rows.slice(0, input.limit);
  const next = rows.length > input.limit ? (page.at(-1)?.seq ?? null) : null;
  return { body: { rows: page.map(shown), next } };
}

/** GET /api/admin/audit/verify: the first row that was changed, or follows one that was removed; null when none was. */
export async function verifyAudit({ console }: AdminRequest): Promise<AdminAnswer> {
  const broken = await brokenAuditRow(console);
  return { body: { intact: broken === null, brokenAt: broken } };
}

function shown(row: AuditRow) {
  const { previousHash: _previous, at, ...rest } = row;
  return { ...rest, at: at.toISOString() };
}
