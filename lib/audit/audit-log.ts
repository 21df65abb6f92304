import type { Database } from "@/db/client";
import {
  type AuditPlace,
  auditPlaceAt,
  cutAudit,
  inSnapshot,
  insertAudit,
  lastAuditPlace,
  lastToCut,
  lockAudit,
  readAuditMark,
  writeAuditMark,
} from "@/db/queries/operators/audit";
import type { Clock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import { Anchors } from "./anchors";
import { type AuditEntry, auditHash } from "./chain";
import { type Mark, parseMark, type Signer } from "./mark";
import { type HeadsReceiver, SentHeads } from "./sent-heads";
import { type AuditReport, brokenBefore, verifyLog } from "./verify";

/** Maximum rows that one round of retention removes: it must end within a statement's time limit. */
const CUT_ROWS_MAX = 10_000;

/**
 * The audit log's chain. Invariant: its last row is the one that the signed head names, and every head that this
 * process has seen committed is in the anchor file. Fail mode: an operator can act (and brake) although the log was
 * changed; the evidence is kept, the process logs it, and `fault` returns it. Called by every verb of the console.
 */
export class AuditLog {
  readonly signer: Signer;
  readonly anchors: Anchors;
  readonly #sent: SentHeads | null;
  readonly #chainKey: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #fault: string | null = null;
  #verifying: Promise<AuditReport> | null = null;

  constructor(input: {
    chainKey: string;
    signer: Signer;
    folder: string;
    clock: Clock;
    log: Log;
    sendTo?: HeadsReceiver | null;
  }) {
    this.#chainKey = input.chainKey;
    this.signer = input.signer;
    this.#clock = input.clock;
    this.#log = input.log;
    this.anchors = new Anchors(input);
    const { sendTo: to = null, log } = input;
    this.#sent = to === null ? null : new SentHeads({ to, log });
  }

  /** The fault found at the end of the log since the start; null = none. It stays, because a later row may cover it up. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Signs the end of a log from before ends were signed. Once at the start, before any row is appended. */
  async begin(db: Database): Promise<void> {
    const head = await db.transaction(async (tx) => {
      await lockAudit(tx);
      const stored = await readAuditMark(tx, "head");
      const last = await lastAuditPlace(tx);
      // If heads were anchored before, an unsigned one means a changed log, not an old one.
      if (last === null || parseMark(stored) !== null || this.anchors.newest() !== null) return null;
      if (stored !== last.hash)
        this.#log.error("the audit log does not end as it was left; its first signature covers what is there");
      return this.#signHead(tx, last);
    });
    if (head !== null) this.noted(head);
    await this.follow(db);
  }

  /** Appends a row within a transaction. Its head goes to `noted` only after the commit. */
  async append(tx: Database, entry: AuditEntry): Promise<Mark> {
    await lockAudit(tx);
    const last = await lastAuditPlace(tx);
    const known = this.#ours(await readAuditMark(tx, "head"));
    if (known?.hash !== last?.hash) {
      // The head is the only evidence of the earlier rows, and is about to be replaced.
      if (known !== null) this.anchors.add(known);
      this.#found(`the audit log does not end where it was signed (row ${known?.seq ?? "unknown"})`);
    }
    const row = { at: new Date(this.#clock.now()), ...entry, previousHash: last?.hash ?? "" };
    return this.#signHead(tx, await insertAudit(tx, { ...row, hash: auditHash(this.#chainKey, row) }));
  }

  /** Anchors a head whose transaction is committed. Never throws. */
  noted(head: Mark): void {
    this.anchors.add(head);
    this.#sent?.add(head);
  }

  /** Appends a row without any other change. */
  async record(db: Database, entry: AuditEntry): Promise<void> {
    this.noted(await db.transaction((tx) => this.append(tx, entry)));
  }

  /** Checks the whole log against hashes, signatures and anchors. Concurrent callers share one check. */
  verify(db: Database): Promise<AuditReport> {
    this.#verifying ??= verifyLog(db, { chainKey: this.#chainKey, signer: this.signer, anchors: this.anchors }).finally(
      () => {
        this.#verifying = null;
      },
    );
    return this.#verifying;
  }

  /** Anchors rows of other processes, if the log still continues from the last anchor. A few small queries. */
  async follow(db: Database): Promise<void> {
    const newest = this.anchors.newest();
    const seen = await inSnapshot(db, async (tx) => ({
      head: this.#ours(await readAuditMark(tx, "head")),
      cut: this.#ours(await readAuditMark(tx, "cut")),
      last: await lastAuditPlace(tx),
      anchored: newest === null ? null : await auditPlaceAt(tx, newest.seq),
    }));
    const { head, last } = seen;
    if (newest === null && last === null) return;
    const isCutOff = newest !== null && newest.seq <= (seen.cut?.seq ?? 0);
    if (newest !== null && !isCutOff && seen.anchored?.hash !== newest.hash)
      return this.#found(`row ${newest.seq} of the audit log is not what was anchored on ${newest.at}`);
    if (head === null || head.seq !== last?.seq || head.hash !== last.hash)
      return this.#found(`the audit log does not end where it was signed (row ${head?.seq ?? "unknown"})`);
    this.noted(head);
  }

  /** Removes rows from before a moment, in portions, and signs the cut. Does not touch a log that is not intact. */
  async cut(db: Database, before: Date): Promise<number> {
    const done = await db.transaction(async (tx) => {
      await lockAudit(tx);
      const end = await lastToCut(tx, before, CUT_ROWS_MAX);
      if (end === null) return null;
      const from = this.#ours(await readAuditMark(tx, "cut")) ?? { seq: 0, hash: "" };
      const broken = await brokenBefore(tx, { chainKey: this.#chainKey, from, upTo: end.seq });
      if (broken !== null) throw new Error(`old audit rows stay: row ${broken} does not fit the log`);
      const { seq, hash } = end;
      const mark = this.signer.sign({ kind: "cut", seq, hash, atMs: this.#clock.now() });
      await writeAuditMark(tx, "cut", JSON.stringify(mark));
      const removed = await cutAudit(tx, seq);
      const by = { actor: "clock", role: "admin", address: "", reason: null };
      const after = { rows: removed, hash, before: before.toISOString() };
      const head = await this.append(tx, { ...by, action: "audit.cut", target: `row ${seq}`, before: null, after });
      return { removed, head };
    });
    if (done === null) return 0;
    this.noted(done.head);
    return done.removed;
  }

  async #signHead(tx: Database, { seq, hash }: AuditPlace): Promise<Mark> {
    const head = this.signer.sign({ kind: "head", seq, hash, atMs: this.#clock.now() });
    await writeAuditMark(tx, "head", JSON.stringify(head));
    return head;
  }

  #ours(text: string | null): Mark | null {
    const mark = parseMark(text);
    return mark !== null && this.signer.isOurs(mark) ? mark : null;
  }

  #found(fault: string): void {
    if (this.#fault !== fault) this.#log.error(`${fault}: see /audit`);
    this.#fault = fault;
  }
}
