import type { Database } from "@/db/client";
import { type AnswerOwner, type BookedTokens, findAnswerOwner, findTokens } from "@/db/queries/books/answers";
import { addObserved, addRefusals, addUsers, findLedgerRow, touchKeys } from "@/db/queries/books/books";
import { insertLedger, type LedgerInsert } from "@/db/queries/books/record";
import { addRefusedCalls, findRefusedCall, type RefusedCall } from "@/db/queries/books/refused";
import { bumpPolicyVersion } from "@/db/queries/limits/config";
import { addTurnedAway } from "@/db/queries/requests/turned-away";
import { addClients } from "@/db/queries/tenants/clients";
import type { Clock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import type { Usage } from "@/lib/money/usage";
import { ClientCounts, type CountedCall } from "./client-counts";
import { Journal, NO_JOURNAL, type Orphan } from "./journal";
import type { Begun, Intent } from "./journal-line";
import { MinuteCounts } from "./minute-counts";
import { RefusedCalls } from "./refused-calls";
import { RowWriter } from "./row-writer";
import { SetAside } from "./set-aside";
import { TurnedAway, type TurnedAwayCall } from "./turned-away";

/** One refusal for the counts. */
export type CountedRefusal = {
  readonly tenantId: string;
  readonly code: string;
  readonly layer: string;
  readonly dimension: string;
  readonly limitName: string;
};

/** The observe-only limit or brake that would have refused a call. A brake has its id as name and no layer. */
export type ObservedRefusal = Omit<CountedRefusal, "code">;

/**
 * The books: every call that was sent to a provider gets exactly one ledger row. Order: journal the intent, send, note
 * usage while it runs, journal the row, commit it in a batch, forget the journal. Commits skip rows that are already
 * there, so repeating any step after a crash doubles nothing.
 * Fail mode: while the database is away rows wait in the journal and in memory, and are committed when it is back.
 */
export class Books {
  readonly #journal: Pick<Journal, keyof Journal>;
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #aside: SetAside;
  readonly #writer: RowWriter;
  readonly #seen: Seen | null;
  readonly #clients = new ClientCounts();
  readonly #refusedCalls = new RefusedCalls();
  readonly #turnedAway = new TurnedAway();
  #rows: LedgerInsert[] = [];
  /** rows that the journal could not store */
  readonly #unjournaled = new Set<LedgerInsert>();
  readonly #refusals = new MinuteCounts<CountedRefusal>();
  readonly #observed = new MinuteCounts<ObservedRefusal>();
  #users = new Map<string, { tenantId: string; digest: string; name: string }>();
  #knownUsers = new Set<string>();
  #keys = new Set<string>();
  #draining: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(input: {
    /** null = no lasting disk; open calls of a dead process are known only from the store */
    folder: string | null;
    db: Database;
    log: Log;
    clock: Clock;
    seen?: Seen;
  }) {
    this.#seen = input.seen ?? null;
    this.#journal = input.folder === null ? NO_JOURNAL : new Journal(input.folder);
    this.#db = input.db;
    this.#clock = input.clock;
    const { folder, log, seen } = input;
    this.#aside = new SetAside({ folder, log, seen: (what) => seen?.aside(what) });
    this.#writer = new RowWriter({ aside: this.#aside, log, failed: (what) => seen?.failed(what) });
  }

  /**
   * Call it before a call is sent. Throws if the call cannot be recorded; then it must not be sent. `begun`: the
   * serialized intent, if available.
   */
  open(intent: Intent, user: string | null, begun: Begun | null = null): void {
    this.#journal.open(intent, begun);
    this.#keys.add(intent.keyId);
    this.#meet(intent, user);
  }

  /** Usage so far of a running call. It is charged if this process dies. */
  note(requestId: string, usage: Usage): void {
    const at = new Date(this.#clock.now());
    this.#writer.attempt("journal", () => this.#journal.note(requestId, usage, at));
  }

  /** The call has ended. If the journal cannot be written, the row waits in memory until it can. */
  close(row: LedgerInsert): void {
    this.#keep(row);
    this.#rows.push(row);
    this.#seen?.row(row);
  }

  #keep(row: LedgerInsert): void {
    const isKept = this.#writer.attempt("journal", () => this.#journal.close(row));
    if (isKept) this.#unjournaled.delete(row);
    else this.#unjournaled.add(row);
  }

  /**
   * Counts a refusal. `callOf` makes the stored record, if the storm bound allows one. `user`: the end user as named by
   * the caller.
   */
  refuse(refusal: CountedRefusal, callOf: () => RefusedCall, user: string | null): void {
    const now = this.#clock.now();
    this.#seen?.refusal(refusal.code);
    const kept = this.#refusedCalls.add(refusal.tenantId, now, callOf);
    if (kept !== null) this.#meet(kept, user);
    this.#refusals.add(refusal, now);
  }

  /** Stores the name that a tenant uses for an end user. Everything else uses the digest. */
  #meet({ tenantId, userDigest }: { tenantId: string; userDigest: string }, name: string | null): void {
    const id = userId(tenantId, userDigest);
    if (name === null || this.#knownUsers.has(id) || this.#users.size >= USERS_WAITING_MAX) return;
    this.#users.set(id, { tenantId, digest: userDigest, name });
  }

  /** Counts a call that was answered before any limit was checked. */
  turnAway(call: TurnedAwayCall): void {
    this.#turnedAway.add(call, this.#clock.now());
  }

  /** Counts an admitted call that an observe-only limit or brake would have refused. */
  observed(thing: ObservedRefusal): void {
    this.#observed.add(thing, this.#clock.now());
  }

  /** A refused call by its id; null if it was not stored. Includes refusals that this process has not written yet. */
  async refusedCall(requestId: string): Promise<RefusedCall | null> {
    await this.drain();
    return findRefusedCall(this.#db, requestId);
  }

  /** The call that produced a stored response; null = unknown. */
  async ownerOfAnswer(answerId: string): Promise<AnswerOwner | null> {
    return findAnswerOwner(this.#db, answerId);
  }

  /** The tokens of calls that have ended; those that are not booked yet are missing. */
  async tokensOf(requestIds: readonly string[]): Promise<ReadonlyMap<string, BookedTokens>> {
    return findTokens(this.#db, requestIds);
  }

  /** The committed row of a call that has ended or was booked as crashed; null = none. */
  async bookedRow(requestId: string): Promise<LedgerInsert | null> {
    const [found] = await findLedgerRow(this.#db, requestId);
    return found?.row ?? null;
  }

  /** Counts a decided call by its client library. */
  came(call: CountedCall): void {
    this.#clients.count(call, this.#clock.now());
  }

  /**
   * Recovers the journal of a dead process. Closes the rows of its open calls; the caller settles their reservations.
   */
  async recover(close: (orphan: Orphan) => LedgerInsert): Promise<readonly LedgerInsert[]> {
    const { rows, orphans, unread, forget } = this.#journal.leftovers();
    const closed = orphans.map(close);
    this.#writer.begin();
    const left = await this.#writer.write("ledger", [...rows, ...closed], (some) => insertLedger(this.#db, some));
    if (left.length > 0) throw new Error(`${left.length} rows of the journal cannot be committed: the database fails`);
    for (const one of unread) this.#aside.add({ what: "journal", ...one });
    forget();
    return closed;
  }

  start(): void {
    let drains = 0;
    this.#timer = setInterval(() => {
      drains += 1;
      // Each statement costs as much as a dozen calls, so display counts are written once per second.
      if (drains % COUNTS_EVERY === 0) void this.drain();
      else this.#draining ??= this.#drainRowsAlone().finally(() => this.#drained());
    }, DRAIN_EVERY_MS).unref();
  }

  /**
   * Commits waiting rows. Runs one at a time. Resolves when everything added before the call is committed or failed.
   */
  async drain(): Promise<void> {
    await this.#draining;
    this.#draining ??= this.#drainOnce().finally(() => this.#drained());
    await this.#draining;
  }

  /** Whether the row of a call that has ended is still to be committed. */
  isWaiting(requestId: string): boolean {
    return this.#rows.some((row) => row.requestId === requestId);
  }

  #drained(): void {
    this.#draining = null;
  }

  async #drainRowsAlone(): Promise<void> {
    this.#writer.begin();
    await this.#drainRows();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.drain();
    this.#writer.attempt("journal", () => this.#journal.stop());
  }

  async #drainOnce(): Promise<void> {
    const writer = this.#writer;
    const db = this.#db;
    writer.begin();
    await this.#drainRows();
    await this.#refusals.drain((rows) => writer.write("refusals", rows, (some) => addRefusals(db, some)));
    await this.#observed.drain((rows) => writer.write("observed", rows, (some) => addObserved(db, some)));
    await this.#clients.drain((rows) => writer.write("clients", rows, (some) => addClients(db, some)));
    await this.#turnedAway.drain((rows) => writer.write("turned_away", rows, (some) => addTurnedAway(db, some)));
    await this.#drainUsers();
    await this.#drainKeys();
    await this.#refusedCalls.drain((rows) => writer.write("refused_calls", rows, (some) => addRefusedCalls(db, some)));
  }

  /** A row leaves the journal once it is committed or set aside. */
  async #drainRows(): Promise<void> {
    const rows = this.#rows;
    this.#rows = [];
    const left = await this.#writer.write("ledger", rows, (some) => insertLedger(this.#db, some));
    const waiting = new Set(left);
    this.#rows = [...left, ...this.#rows];
    for (const row of rows) {
      if (waiting.has(row)) {
        if (this.#unjournaled.has(row)) this.#keep(row);
        continue;
      }
      this.#unjournaled.delete(row);
      this.#writer.attempt("journal", () => this.#journal.committed(row.requestId));
    }
  }

  async #drainUsers(): Promise<void> {
    const users = [...this.#users.values()];
    const left = new Set(await this.#writer.write("users", users, (some) => addUsers(this.#db, some)));
    for (const user of users) {
      if (left.has(user)) continue;
      const id = userId(user.tenantId, user.digest);
      this.#users.delete(id);
      if (this.#knownUsers.size >= KNOWN_USERS_MAX) this.#knownUsers.clear();
      this.#knownUsers.add(id);
    }
  }

  async #drainKeys(): Promise<void> {
    const keys = [...this.#keys];
    this.#keys.clear();
    const left = await this.#writer.write("keys", keys, async (some) => {
      const retired = await touchKeys(this.#db, some, new Date(this.#clock.now()));
      if (retired) await bumpPolicyVersion(this.#db, { actor: "rotation", change: "keys.retire" });
    });
    for (const key of left) this.#keys.add(key);
  }
}

/** Observes booked events, for metrics. */
type Seen = {
  row(row: LedgerInsert): void;
  refusal(code: string): void;
  /** a row that the database refuses */
  aside(what: string): void;
  /** a failed drain step, which is retried */
  failed(what: string): void;
};

function userId(tenantId: string, digest: string): string {
  return `${tenantId}/${digest}`;
}

const DRAIN_EVERY_MS = 200;
/** every n-th drain writes all counts; the others write only spend */
const COUNTS_EVERY = 5;
const USERS_WAITING_MAX = 10_000;
const KNOWN_USERS_MAX = 100_000;
