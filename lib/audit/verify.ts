import type { Database } from "@/db/client";
import { type AuditRow, auditAfter, inSnapshot, readAuditMark } from "@/db/queries/operators/audit";
import type { Anchors } from "./anchors";
import { auditHash } from "./chain";
import { type Mark, parseMark, type Signer } from "./mark";

export type AuditFault = {
  /** the first affected row */
  readonly seq: number;
  readonly kind:
    | "changed"
    | "gap"
    | "rewritten"
    | "removed"
    | "appended"
    | "head_missing"
    | "head_not_ours"
    | "cut_not_ours";
  /** in plain words */
  readonly text: string;
};

export type AuditReport = {
  readonly faults: readonly AuditFault[];
  readonly rows: number;
  /** the first and the last existing row; null = the log is empty */
  readonly first: number | null;
  readonly last: number | null;
  /** where the log must end, if the signature is ours */
  readonly head: Mark | null;
  readonly cut: Mark | null;
  readonly anchors: { readonly count: number; readonly newest: Mark | null; readonly unreadable: number };
};

const PAGE_ROWS = 500;
const FAULTS_MAX = 20;

/**
 * Checks the log against its hashes, its signed head and cut, and every anchor. Reads one snapshot page by page; rows
 * appended meanwhile are left for the next check.
 */
export async function verifyLog(
  db: Database,
  input: { chainKey: string; signer: Signer; anchors: Anchors },
): Promise<AuditReport> {
  const { chainKey, signer, anchors } = input;
  // Before the snapshot, so that it has every row that is anchored by now.
  const { heads, unreadable } = anchors.read();
  const newest = anchors.newest();
  return inSnapshot(db, async (tx) => {
    const stored = { head: await readAuditMark(tx, "head"), cut: await readAuditMark(tx, "cut") };
    const walk = new Walk({ chainKey, signer, stored, heads });
    for (;;) {
      const page = await auditAfter(tx, { after: walk.last ?? 0, limit: PAGE_ROWS });
      for (const row of page) walk.take(row);
      if (page.length < PAGE_ROWS) break;
    }
    return { ...walk.finish(), anchors: { count: heads.length, newest, unreadable } };
  });
}

/** The first row up to one that does not fit the chain after `from`; null when all fit. */
export async function brokenBefore(
  db: Database,
  input: { chainKey: string; from: { seq: number; hash: string }; upTo: number },
): Promise<number | null> {
  let previous = input.from;
  for (;;) {
    const page = await auditAfter(db, { after: previous.seq, upTo: input.upTo, limit: PAGE_ROWS });
    for (const row of page) {
      if (row.previousHash !== previous.hash || row.hash !== auditHash(input.chainKey, row)) return row.seq;
      previous = row;
    }
    if (page.length < PAGE_ROWS) return null;
  }
}

type Stored = { readonly head: string | null; readonly cut: string | null };

/** One pass over the log, row by row. */
class Walk {
  readonly #chainKey: string;
  readonly #stored: Stored;
  readonly #head: Mark | null;
  readonly #cut: Mark | null;
  readonly #anchored: Map<number, Mark>;
  readonly #newest: Mark | null;
  readonly #faults: AuditFault[] = [];
  #previous: { seq: number; hash: string };
  /** the last row that an anchor proves */
  #vouched = 0;
  #rows = 0;
  #first: number | null = null;
  #afterHead: number | null = null;
  #isRewritten = false;

  constructor(input: { chainKey: string; signer: Signer; stored: Stored; heads: readonly Mark[] }) {
    const ours = (text: string | null, kind: Mark["kind"]) => {
      const mark = parseMark(text);
      return mark !== null && mark.kind === kind && input.signer.isOurs(mark) ? mark : null;
    };
    this.#chainKey = input.chainKey;
    this.#stored = input.stored;
    this.#head = ours(input.stored.head, "head");
    this.#cut = ours(input.stored.cut, "cut");
    this.#previous = { seq: this.#cut?.seq ?? 0, hash: this.#cut?.hash ?? "" };
    const cut = this.#cut?.seq ?? 0;
    this.#anchored = new Map(input.heads.filter(({ seq }) => seq > cut).map((one) => [one.seq, one]));
    this.#newest = [...this.#anchored.values()].at(-1) ?? null;
  }

  get last(): number | null {
    return this.#rows === 0 ? null : this.#previous.seq;
  }

  take(row: AuditRow): void {
    const { seq, hash, previousHash } = row;
    if (previousHash !== this.#previous.hash) {
      const before = this.#rows === 0 ? "the beginning of the log" : `row ${this.#previous.seq}`;
      this.#add("gap", seq, `Row ${seq} does not follow ${before}: rows between were removed, added or exchanged.`);
    }
    if (hash !== auditHash(this.#chainKey, row))
      this.#add("changed", seq, `Row ${seq} was changed after it was written, or Spillway did not write it.`);
    const anchor = this.#anchored.get(seq);
    if (anchor !== undefined) this.#compare(anchor, hash);
    if (this.#head !== null && seq > this.#head.seq) this.#afterHead ??= seq;
    this.#first ??= seq;
    this.#rows += 1;
    this.#previous = { seq, hash };
  }

  finish(): Omit<AuditReport, "anchors"> {
    this.#judgeCut();
    this.#judgeAnchors();
    this.#judgeHead();
    const faults = this.#faults.sort((left, right) => left.seq - right.seq);
    return { faults, rows: this.#rows, first: this.#first, last: this.last, head: this.#head, cut: this.#cut };
  }

  #compare(anchor: Mark, hash: string): void {
    this.#anchored.delete(anchor.seq);
    if (anchor.hash === hash) {
      this.#vouched = anchor.seq;
      return;
    }
    // Every anchor after the first mismatch would say the same.
    if (this.#isRewritten) return;
    this.#isRewritten = true;
    const since = this.#vouched + 1;
    const rows = since >= anchor.seq ? `Row ${anchor.seq} is` : `Rows ${since} to ${anchor.seq} are`;
    this.#add("rewritten", since, `${rows} not what was anchored on ${anchor.at}: the log was rewritten.`);
  }

  /** The anchors left after the pass have no row. */
  #judgeAnchors(): void {
    const { last } = this;
    const ends = last === null ? "the log is empty" : `the log ends with row ${last}`;
    const [gone] = [...this.#anchored.values()].filter(({ seq }) => seq < (last ?? 0));
    if (gone !== undefined)
      this.#add("removed", gone.seq, `Row ${gone.seq}, anchored on ${gone.at}, is not there any more.`);
    const newest = this.#newest;
    if (newest === null || newest.seq <= (last ?? 0)) return;
    const text = `Rows up to ${newest.seq} were there on ${newest.at}, as anchored; ${ends}: the newest rows were removed.`;
    this.#add("removed", (last ?? this.#cut?.seq ?? 0) + 1, text);
  }

  #judgeHead(): void {
    const fault = this.#headFault();
    if (fault !== null) this.#add(fault.kind, fault.seq, fault.text);
  }

  #headFault(): AuditFault | null {
    const { last } = this;
    const head = this.#head;
    const seq = last ?? 1;
    if (this.#stored.head === null) {
      if (last === null) return null;
      return { kind: "head_missing", seq, text: "The signed end of the log was removed." };
    }
    if (head === null) {
      const why = "it was replaced, or the key has changed";
      return {
        kind: "head_not_ours",
        seq,
        text: `The end of the log is not signed with this installation's key: ${why}.`,
      };
    }
    const upTo = `the log is signed up to row ${head.seq}`;
    if (this.#afterHead !== null) {
      const row = this.#afterHead;
      return { kind: "appended", seq: row, text: `Spillway did not write row ${row}: ${upTo}.` };
    }
    if (last === null || head.seq > last) {
      const ends = last === null ? "it is empty" : `it ends with row ${last}`;
      const first = (last ?? this.#cut?.seq ?? 0) + 1;
      return { kind: "removed", seq: first, text: `The newest rows were removed: ${upTo}, and ${ends}.` };
    }
    if (head.hash === this.#previous.hash) return null;
    return { kind: "rewritten", seq: last, text: `Row ${last} is not the one that was signed as the end of the log.` };
  }

  #judgeCut(): void {
    if (this.#stored.cut === null || this.#cut !== null) return;
    const text = "Where old rows were cut off is not signed with this installation's key.";
    this.#add("cut_not_ours", this.#first ?? 1, text);
  }

  #add(kind: AuditFault["kind"], seq: number, text: string): void {
    if (this.#faults.length < FAULTS_MAX) this.#faults.push({ kind, seq, text });
  }
}
