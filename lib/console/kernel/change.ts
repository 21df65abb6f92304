import type { Database } from "@/db/client";
import { bumpPolicyVersion, readConfig, StaleVersion } from "@/db/queries/limits/config";
import { inTransaction } from "@/db/transaction";
import type { AuditEntry } from "@/lib/audit/chain";
import { PublicError } from "@/lib/errors";
import { makeSnapshot, newFaults } from "@/lib/policy/snapshot/snapshot";
import type { Author, ConsoleContext } from "./context";

/** The parts of the console that a change needs. */
export type Changing = Pick<ConsoleContext, "db" | "policy" | "clock" | "basedOn"> & {
  readonly audit: Pick<ConsoleContext["audit"], "append" | "noted">;
};

export type Change = {
  /** noun.verb */
  readonly action: string;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
};

/**
 * The only way for an operator, or a key's holder, to change anything. The write, its audit row and a new policy version are one
 * transaction. Then this process enforces the new version before it answers. A change that does not compile is rolled
 * back with 400.
 */
export async function change<T>(
  context: Changing,
  actor: Author,
  work: (tx: Database) => Promise<{ result: T; change: Change }>,
): Promise<T> {
  const { basedOn } = context;
  const { result, head, version } = await inTransaction(context.db, async (tx) => {
    const done = await work(tx);
    if (!done.change.action.startsWith("brakes.")) await refuseNewFaults(context, tx);
    const head = await context.audit.append(tx, entryOf(actor, done.change));
    const row = { actor: actor.name, change: `${done.change.action} ${done.change.target}` };
    const version = await bumpPolicyVersion(tx, { ...row, after: basedOn?.version }).catch(asConflict);
    return { result: done.result, head, version };
  });
  basedOn?.isAt(version);
  context.audit.noted(head);
  await context.policy.refresh();
  return result;
}

function asConflict(thrown: unknown): never {
  if (!(thrown instanceof StaleVersion)) throw thrown;
  const { read, current } = thrown;
  const message = `The configuration has changed: it is now at version ${current}, and yours was read at version ${read}.`;
  throw new PublicError("conflict", message, { details: { version: current } });
}

/**
 * Throws if the transaction's writes would not compile for some tenant. Existing faults, such as from an edit by hand,
 * do not block other changes. A brake changes no limit and skips this check.
 */
async function refuseNewFaults(context: Changing, tx: Database): Promise<void> {
  const { snapshot } = context.policy;
  const rows = await readConfig(tx, new Date(context.clock.now()));
  const draft = makeSnapshot({ rows, clock: context.clock, previous: snapshot });
  const faults = [...new Set(newFaults(snapshot, draft).map(({ text }) => text))];
  if (faults.length === 0) return;
  const most = faults.slice(0, FAULTS_TOLD);
  throw new PublicError("invalid_value", most.join("; "), { details: { faults: most } });
}

/** One faulty row may affect many tenants. */
const FAULTS_TOLD = 20;

/** Audits events that change nothing: sign-ins and denied requests. */
export async function record(context: ConsoleContext, actor: Author, what: Change): Promise<void> {
  await context.audit.record(context.db, entryOf(actor, what));
}

function entryOf({ name, role, address }: Author, what: Change): AuditEntry {
  return { actor: name, role, address, ...what };
}
