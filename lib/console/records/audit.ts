import { z } from "zod";
import { type AuditRow, readAudit } from "@/db/queries/operators/audit";
import type { AuditReport } from "@/lib/audit/verify";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { moment } from "../kernel/input";
import { csvFile } from "../money/usage";
import { targetNames } from "./target-names";

export const auditQuery = z.strictObject({
  /** rows older than this one */
  before: z.coerce.number().int().min(1).optional(),
  action: z.string().max(64).optional(),
  target: z.string().max(128).optional(),
  /** from this moment on */
  from: moment.optional(),
  /** up to this moment */
  to: moment.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  format: z.enum(["json", "csv"]).default("json"),
});

const EXPORTED_MAX = 50_000;

export type AuditView = ReturnType<typeof shown>;

/**
 * GET /api/admin/audit?before=&action=&target=&from=&to=&limit=&format=: newest first; `next` is the cursor of the next
 * page. As CSV all rows, with the hashes, so that a copy elsewhere can be compared with the log.
 */
export async function listAudit({ context, input }: AdminRequest<typeof auditQuery>) {
  if (input.format === "csv") {
    const all = await readAudit(context.db, { ...input, limit: EXPORTED_MAX });
    return { file: csvFile("audit.csv", all.map(exported)) };
  }
  const rows = await readAudit(context.db, { ...input, limit: input.limit + 1 });
  const page = rows.slice(0, input.limit);
  const next = rows.length > input.limit ? (page.at(-1)?.seq ?? null) : null;
  const names = await targetNames(context.db, context.policy.snapshot.tiers.values(), page);
  return { body: { rows: page.map((row, at) => shown(row, names[at] ?? null)), next } };
}

export type SealView = ReturnType<typeof sealed>;

/**
 * GET /api/admin/audit/verify: whether the log is unchanged, by its hashes, its signed end and the anchors outside the
 * database. Each fault has the first row that it affects.
 */
export async function verifyAudit({ context }: AdminRequest) {
  return { body: sealed(context, await context.audit.verify(context.db)) };
}

function sealed({ audit, clock }: ConsoleContext, report: AuditReport) {
  const { faults, rows, first, last, head, cut, anchors } = report;
  return {
    intact: faults.length === 0,
    brokenAt: faults[0]?.seq ?? null,
    faults,
    rows,
    first,
    last,
    checkedAt: new Date(clock.now()).toISOString(),
    head: head && { seq: head.seq, at: head.at },
    cut: cut && { seq: cut.seq, at: cut.at },
    anchors: {
      count: anchors.count,
      unreadable: anchors.unreadable,
      newest: anchors.newest && { seq: anchors.newest.seq, at: anchors.newest.at },
    },
    /** checks the signatures of copies elsewhere */
    publicKey: audit.signer.publicKey,
  };
}

function exported({ before, after, at, ...rest }: AuditRow) {
  return { at: at.toISOString(), ...rest, before: JSON.stringify(before), after: JSON.stringify(after) };
}

/** `targetName`: what people call the target today; null = as the log writes it. */
function shown(row: AuditRow, targetName: string | null) {
  const { previousHash: _previous, at, ...rest } = row;
  return { ...rest, at: at.toISOString(), targetName };
}
