import type { Database } from "@/db/client";
import { bumpPolicyVersion, readConfig } from "@/db/queries/limits/config";
import { inTransaction } from "@/db/queries/operators/console";
import type { AuditEntry } from "@/lib/audit/chain";
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
  const { result, head } = await inTransaction(console.db, async (tx) => {
    const done = await work(tx);
    if (!done.change.action.startsWith("brakes.")) await refuseNewFaults(console, tx);
    const head = await console.audit.append(tx, entryOf(actor, done.change));
    await bumpPolicyVersion(tx, { actor: actor.name, change: `${done.change.action} ${done.change.target}` });
    return { result: done.result, head };
  });
  console.audit.noted(head);
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

/** Writes down what changes nothing: who came in, and what was denied. */
export async function record(console: Console, actor: Omit<Actor, "session">, what: Change): Promise<void> {
  await console.audit.record(console.db, entryOf(actor, what));
}

function entryOf({ name, role, address }: Omit<Actor, "session">, what: Change): AuditEntry {
  return { actor: name, role, address, ...what };
}
