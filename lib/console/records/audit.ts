import { z } from "zod";
import { type AuditRow, readAudit } from "@/db/queries/operators/audit";
import { brokenAuditRow } from "../kernel/change";
import type { AdminAnswer, AdminRequest } from "../kernel/door";
import { parsed } from "../kernel/input";
import { csvFile } from "../money/usage";

const auditQuery = z.strictObject({
  /** rows older than this one */
  before: z.coerce.number().int().min(1).optional(),
  action: z.string().max(64).optional(),
  target: z.string().max(128).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  format: z.enum(["json", "csv"]).default("json"),
});

const EXPORTED_MAX = 50_000;

export type AuditView = ReturnType<typeof shown>;

/**
 * GET /api/admin/audit?before=&action=&target=&limit=&format=: the newest first; `next` is the cursor of the page after. As
 * CSV all that there are, with the hashes, so that a copy kept elsewhere can be held against the log.
 */
export async function listAudit({ console, query }: AdminRequest): Promise<AdminAnswer> {
  const input = parsed(auditQuery, Object.fromEntries(query));
  if (input.format === "csv") {
    const all = await readAudit(console.db, { ...input, limit: EXPORTED_MAX });
    return { body: null, file: csvFile("audit.csv", all.map(exported)) };
  }
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

function exported({ before, after, at, ...rest }: AuditRow) {
  return { at: at.toISOString(), ...rest, before: JSON.stringify(before), after: JSON.stringify(after) };
}

function shown(row: AuditRow) {
  const { previousHash: _previous, at, ...rest } = row;
  return { ...rest, at: at.toISOString() };
}
