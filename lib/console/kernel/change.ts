import { createHmac } from "node:crypto";
import type { Database } from "@/db/client";
import { bumpPolicyVersion, readConfig } from "@/db/queries/limits/config";
import { auditHead, insertAudit, inTransaction, listAudit, lockAuditHead } from "@/db/queries/operators/console";
import { PublicError } from "@/lib/errors";
import { makeSnapshot, newFaults } from "@/lib/policy/snapshot/snapshot";
import type { Actor, Console } from "./console";

export type Change = {
  /** noun.verb */
  readonly action: string;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
};

/**
 * The one way an operator changes anything: the write, its audit row and a new policy version in one transaction, then
 * the new version is put in force here before the operator is answered. What would not compile changes nothing: 400.
 */
export async function change<T>(
  console: Console,
  actor: Actor,
  work: (tx: Database) => Promise<{ result: T; change: Change }>,
): Promise<T> {
  const result = await inTransaction(console.db, async (tx) => {
    const done = await work(tx);
    if (!done.change.action.startsWith("brakes.")) await refuseNewFaults(console, tx);
    await appendAudit(console, tx, actor, done.change);
    await bumpPolicyVersion(tx, { actor: actor.name, change: `${done.change.action} ${done.change.target}` });
    return done.result;
  });
  await console.policy.refresh();
  return result;
}

/**
 * Throws when what the transaction has written would not compile for somebody. Faults that were there before, as after an
 * edit by hand, keep no operator from changing something else. A brake changes no limit and must not wait for this.
 */
async function refuseNewFaults(console: Console, tx: Database): Promise<void> {
  const { snapshot } = console.policy;
  const rows = await readConfig(tx, new Date(console.clock.now()));
  const draft = makeSnapshot({ rows, clock: console.clock, previous: snapshot });
  const faults = [...new Set(newFaults(snapshot, draft).map(({ text }) => text))];
  if (faults.length === 0) return;
  const most = faults.slice(0, FAULTS_TOLD);
  throw new PublicError("invalid_value", most.join("; "), { details: { faults: most } });
}

/** One row may be wrong for each of many tenants. */
const FAULTS_TOLD = 20;

async function appendAudit(console: Console, tx: Database, actor: Actor, entry: Change): Promise<void> {
  const previousHash = await lockAuditHead(tx);
  const row = {
    at: new Date(console.clock.now()),
    actor: actor.name,
    role: actor.role,
    address: actor.address,
    ...entry,
    previousHash,
  };
  await insertAudit(tx, { ...row, hash: auditHash(console.auditKey, row) });
}

/** HMAC over the row and the hash before it: changing, removing or reordering any row breaks the chain from there on. */
export function auditHash(
  key: string,
  row: { at: Date; actor: string; role: string; address: string; previousHash: string } & Change,
): string {
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

/** The first row of the audit log that does not fit the chain, or null when all do. */
export async function brokenAuditRow(console: Pick<Console, "db" | "auditKey">): Promise<number | null> {
  let previousHash = "";
  let seq = 0;
  const head = await auditHead(console.db);
  for (const row of await listAudit(console.db)) {
    if (row.previousHash !== previousHash || row.hash !== auditHash(console.auditKey, row)) return row.seq;
    previousHash = row.hash;
    seq = row.seq;
    // Rows that were appended since the head was read are none of its business.
    if (row.hash === head) return null;
  }
  // The log ends before the row that it is known to end with: the newest ones were removed.
  return head === previousHash ? null : seq + 1;
}

/** jsonb does not keep the order of keys, so the hash must not depend on it. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value ?? null;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    entries.sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, member]) => [name, sorted(member)]),
  );
}
