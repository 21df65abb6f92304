import type { Database } from "@/db/client";
import { addObserved, addRefusals, addUsers, touchKeys } from "@/db/queries/books";
import { bumpPolicyVersion } from "@/db/queries/config";
import { insertLedger, type LedgerInsert } from "@/db/queries/record";
import { findRefusedCall, type RefusedCall } from "@/db/queries/refused";
import type { Clock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import type { Usage } from "@/lib/wire/usage";
import { ClientCounts, type CountedCall } from "./client-counts";
import { type Intent, Journal, type Orphan } from "./journal";
import { MinuteCounts } from "./minute-counts";
import { RefusedCalls } from "./refused-calls";

/** One refusal to be counted. */
export type CountedRefusal = {
  readonly tenantId: string;
  readonly code: string;
  readonly layer: string;
  readonly dimension: string;
  readonly limitName: string;
};

/** What would have refused a call; a brake has its id as name and no layer. */
export type ObservedRefusal = Omit<CountedRefusal, "code">;

/**
 * The books: every call that was sent to a provider gets exactly one ledger row. Order: journal the intent, send, note
 * usage while it runs, journal the row, commit it in a batch, forget the journal. Commits skip rows that are already
 * there, so repeating any step after a crash doubles nothing.
 * Fail mode: while the database is away rows wait in the journal and in memory, and are committed when it is back.
 */
export class Books {
  readonly #journal: Journal;
  readonly #db: Database;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #seen: { row(row: LedgerInsert): void; refusal(code: string): void } | null;
  readonly #clients = new ClientCounts();
  readonly #refusedCalls = new RefusedCalls();
  #rows: LedgerInsert[] = [];
  readonly #refusals = new MinuteCounts<CountedRefusal>();
  readonly #observed = new MinuteCounts<ObservedRefusal>();
  #users = new Map<string, { tenantId: string; digest: string; name: string }>();
  #knownUsers = new Set<string>();
  #keys = new Set<string>();
  #draining: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isDown = false;

  constructor(input: {
    folder: string;
    db: Database;
    log: Log;
    clock: Clock;
    /** Told of every row and refusal as it happens, for figures that are read elsewhere. */
    seen?: { row(row: LedgerInsert): void; refusal(code: string): void };
  }) {
    this.#seen = input.seen ?? null;
    this.#journal = new Journal(input.folder);
    this.#db = input.db;
    this.#log = input.log;
    this.#clock = input.clock;
  }

  /** Before a call is sent. Throws when it cannot be recorded: then it must not be sent. */
  open(intent: Intent, user: string | null): void {
    this.#journal.open(intent);
    this.#keys.add(intent.keyId);
    this.#meet(intent, user);
  }

  /** Usage so far of a running call: what it is charged if we die. */
  note(requestId: string, usage: Usage): void {
    this.#journal.note(requestId, usage, new Date(this.#clock.now()));
  }

  /** The call has ended. */
  close(row: LedgerInsert): void {
    this.#journal.close(row);
    this.#rows.push(row);
    this.#seen?.row(row);
  }

  /**
   * Counts a refusal; `callOf` makes its record, when there is room for one that can be explained by its id. `user` is its
   * end user as the caller named it.
   */
  refuse(refusal: CountedRefusal, callOf: () => RefusedCall, user: string | null): void {
    const now = this.#clock.now();
    this.#seen?.refusal(refusal.code);
    const kept = this.#refusedCalls.add(refusal.tenantId, now, callOf);
    if (kept !== null) this.#meet(kept, user);
    this.#refusals.add(refusal, now);
  }

  /** Notes what a tenant calls one of its users: everything else knows the user by its digest. */
  #meet({ tenantId, userDigest }: { tenantId: string; userDigest: string }, name: string | null): void {
    const id = `${tenantId}/${userDigest}`;
    if (name === null || this.#knownUsers.has(id) || this.#users.size >= USERS_WAITING_MAX) return;
    this.#users.set(id, { tenantId, digest: userDigest, name });
  }

  /** Counts an admitted call that something which only observes would have refused. */
  observed(thing: ObservedRefusal): void {
    this.#observed.add(thing, this.#clock.now());
  }

  /** A refused call by its id; null when it was not kept. What this process has just refused is there already. */
  async refusedCall(requestId: string): Promise<RefusedCall | null> {
    await this.drain();
    return findRefusedCall(this.#db, requestId);
  }

  /** A call was decided, and by which client library it came. */
  came(call: CountedCall): void {
    this.#clients.count(call, this.#clock.now());
  }

  /** Takes in what a dead process left. The caller settles the orphans' reservations; their rows are closed here. */
  async recover(close: (orphan: Orphan) => LedgerInsert): Promise<readonly LedgerInsert[]> {
    const { rows, orphans, forget } = this.#journal.leftovers();
    const closed = orphans.map(close);
    for (const batch of batchesOf([...rows, ...closed])) await insertLedger(this.#db, batch);
    forget();
    return closed;
  }

  start(): void {
    this.#timer = setInterval(() => void this.drain(), DRAIN_EVERY_MS).unref();
  }

  /** Commits what is waiting. Runs one at a time; resolves when everything handed in before the call is committed or failed. */
  async drain(): Promise<void> {
    await this.#draining;
    this.#draining ??= this.#drainOnce().finally(() => {
      this.#draining = null;
    });
    await this.#draining;
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.drain();
    this.#journal.stop();
  }

  async #drainOnce(): Promise<void> {
    try {
      while (this.#rows.length > 0) {
        const batch = this.#rows.slice(0, BATCH_ROWS);
        await insertLedger(this.#db, batch);
        this.#rows.splice(0, batch.length);
        for (const row of batch) this.#journal.committed(row.requestId);
      }
      await this.#drainCounts();
      this.#isDown = false;
    } catch (error) {
      if (!this.#isDown) this.#log.error({ err: error }, "ledger not committed; rows wait in the journal");
      this.#isDown = true;
    }
  }

  async #drainCounts(): Promise<void> {
    await this.#refusals.drain((rows) => addRefusals(this.#db, rows));
    await this.#observed.drain((rows) => addObserved(this.#db, rows));
    await this.#clients.drain(this.#db);
    const users = [...this.#users];
    await addUsers(
      this.#db,
      users.map(([, row]) => row),
    );
    for (const [id] of users) {
      this.#users.delete(id);
      if (this.#knownUsers.size >= KNOWN_USERS_MAX) this.#knownUsers.clear();
      this.#knownUsers.add(id);
    }
    const keys = [...this.#keys];
    this.#keys.clear();
    const retired = await touchKeys(this.#db, keys, new Date(this.#clock.now()));
    if (retired) await bumpPolicyVersion(this.#db, { actor: "rotation", change: "keys.retire" });
    await this.#refusedCalls.drain(this.#db);
  }
}

const DRAIN_EVERY_MS = 200;
const BATCH_ROWS = 500;
const USERS_WAITING_MAX = 10_000;
const KNOWN_USERS_MAX = 100_000;

function batchesOf<T>(rows: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(rows.length / BATCH_ROWS) }, (_, index) =>
    rows.slice(index * BATCH_ROWS, (index + 1) * BATCH_ROWS),
  );
}
