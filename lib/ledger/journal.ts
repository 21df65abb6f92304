import fs from "node:fs";
import path from "node:path";
import { type LedgerInsert, ledgerText } from "@/db/queries/books/record";
import type { Usage } from "@/lib/money/usage";
import { type Begun, begunLine, type Intent, type Line, readLine } from "./journal-line";

/** An open call of a dead process, with its last stored usage. */
export type Orphan = { readonly intent: Intent; readonly usage: Usage | null; readonly noted: Date };

/** An unreadable part of the journal, with the reason. */
type Unread = { readonly why: string; readonly row: unknown };

/**
 * Append-only journal of calls in DATA_DIR: the ledger's memory between the moment a call is sent and the moment its
 * row is committed. A line is in the page cache when `append` returns, so it survives kill -9 of this process (not a
 * power cut within the kernel's write-back time). Segments are removed when every call in them is committed. A call
 * starts only if disk space for its end is reserved too, as blank lines that are overwritten later. So a full disk
 * loses no end. Fail mode: a failed append throws, and the caller must not send the call. Unreadable parts of earlier
 * journals are returned as they are and do not block the rest.
 */
export class Journal {
  readonly #folder: string;
  #segment: Segment;
  readonly #waiting = new Map<string, Segment[]>();
  /** bytes reserved for the ends of open calls */
  readonly #kept = new Map<string, number>();
  #keptBytes = 0;

  constructor(folder: string) {
    this.#folder = folder;
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#segment = this.#nextSegment();
  }

  /** `begun`: the same, already serialized. */
  open(intent: Intent, begun: Begun | null): void {
    const line = begun === null ? bytesOf({ kind: "open", intent }) : Buffer.from(`${begunLine(begun, intent)}\n`);
    const kept = line.byteLength + END_BYTES;
    this.#rotateIfLong(line.byteLength + kept);
    makeRoom(this.#segment, this.#keptBytes + line.byteLength + kept);
    this.#append(intent.requestId, line);
    this.#kept.set(intent.requestId, kept);
    this.#keptBytes += kept;
  }

  note(requestId: string, usage: Usage, at: Date): void {
    const line = bytesOf({ kind: "note", requestId, usage, at });
    makeRoom(this.#segment, this.#keptBytes + line.byteLength);
    this.#append(requestId, line);
  }

  close(row: LedgerInsert): void {
    const line = Buffer.from(`{"kind":"close","row":${ledgerText(row)}}\n`);
    const kept = this.#kept.get(row.requestId) ?? 0;
    // May exceed its reserved space only by free space. Otherwise another call's end would lack it.
    makeRoom(this.#segment, this.#keptBytes - kept + line.byteLength);
    this.#append(row.requestId, line);
    this.#release(row.requestId);
  }

  /**
   * The row is in the database, so its lines are no longer needed. Throws if a file cannot be removed; the next start
   * removes it.
   */
  committed(requestId: string): void {
    const segments = this.#waiting.get(requestId) ?? [];
    this.#waiting.delete(requestId);
    this.#release(requestId);
    for (const segment of segments) segment.waiting.delete(requestId);
    for (const segment of segments) this.#removeIfDone(segment);
  }

  #release(requestId: string): void {
    this.#keptBytes -= this.#kept.get(requestId) ?? 0;
    this.#kept.delete(requestId);
  }

  /**
   * The journal of earlier processes: rows that may not be committed, and calls that never ended. Read it before any
   * append.
   */
  leftovers(): { rows: LedgerInsert[]; orphans: Orphan[]; unread: Unread[]; forget(): void } {
    const segments = segmentFiles(this.#folder).filter((file) => file !== this.#segment.file);
    const read = segments.map(readSegment);
    const open = new Map<string, Orphan>();
    const rows = new Map<string, LedgerInsert>();
    const unread = read.flatMap((segment) => segment.unread);
    const stray: Line[] = [];
    for (const line of read.flatMap((segment) => segment.lines)) {
      if (line.kind === "open") {
        const { intent } = line;
        open.set(intent.requestId, { intent, usage: null, noted: intent.admittedAt });
      } else if (line.kind === "close") {
        open.delete(line.row.requestId);
        if (!rows.has(line.row.requestId)) rows.set(line.row.requestId, line.row);
      } else {
        const known = open.get(line.requestId);
        if (known === undefined) stray.push(line);
        else open.set(line.requestId, { ...known, usage: line.usage, noted: line.at });
      }
    }
    // A note may follow the end of its call, but needs a start.
    for (const line of stray) {
      if (line.kind === "note" && !rows.has(line.requestId)) unread.push({ why: "usage of no known call", row: line });
    }
    return {
      rows: [...rows.values()],
      orphans: [...open.values()],
      unread,
      forget: () => {
        for (const file of read.flatMap((segment) => segment.file ?? [])) fs.rmSync(file, { force: true });
      },
    };
  }

  stop(): void {
    fs.closeSync(this.#segment.descriptor);
    if (this.#segment.waiting.size === 0) fs.rmSync(this.#segment.file, { force: true });
  }

  #append(requestId: string, line: Buffer): void {
    const segment = this.#segment;
    // After a partial line, a line break comes first. Otherwise both lines would be lost.
    const bytes = segment.isTorn ? Buffer.concat([LINE_END, line]) : line;
    segment.isTorn = true;
    const written = fs.writeSync(segment.descriptor, bytes, 0, bytes.byteLength, segment.bytes);
    segment.bytes += written;
    segment.roomTo = Math.max(segment.roomTo, segment.bytes);
    if (written < bytes.byteLength) throw new Error(FULL);
    segment.isTorn = false;
    if (segment.waiting.has(requestId)) return;
    segment.waiting.add(requestId);
    this.#waiting.set(requestId, [...(this.#waiting.get(requestId) ?? []), segment]);
  }

  /** The next segment must have space for the ends of all open calls. Without space, the old segment continues. */
  #rotateIfLong(more: number): void {
    const full = this.#segment;
    if (full.bytes <= SEGMENT_BYTES) return;
    const next = this.#nextSegment();
    try {
      makeRoom(next, this.#keptBytes + more);
    } catch (error) {
      fs.closeSync(next.descriptor);
      fs.rmSync(next.file, { force: true });
      throw error;
    }
    this.#segment = next;
    fs.closeSync(full.descriptor);
    full.isFull = true;
    this.#removeIfDone(full);
  }

  #removeIfDone(segment: Segment): void {
    if (segment.isFull && segment.waiting.size === 0) fs.rmSync(segment.file, { force: true });
  }

  #nextSegment(): Segment {
    const last = Math.max(0, ...segmentFiles(this.#folder).map((file) => Number.parseInt(path.basename(file), 10)));
    const file = path.join(this.#folder, `${String(last + 1).padStart(10, "0")}.ndjson`);
    return {
      file,
      descriptor: fs.openSync(file, "wx", 0o600),
      bytes: 0,
      roomTo: 0,
      waiting: new Set(),
      isFull: false,
      isTorn: false,
    };
  }
}

/**
 * Replaces the journal on hosts without a lasting disk. The store has the intent and the last note of an open call, so
 * a call may be settled there only after its row is committed.
 */
export const NO_JOURNAL: Pick<Journal, keyof Journal> = {
  open: () => undefined,
  note: () => undefined,
  close: () => undefined,
  committed: () => undefined,
  leftovers: () => ({ rows: [], orphans: [], unread: [], forget: () => undefined }),
  stop: () => undefined,
};

type Segment = {
  readonly file: string;
  readonly descriptor: number;
  /** how much of it is lines */
  bytes: number;
  /** end of its reserved disk space */
  roomTo: number;
  readonly waiting: Set<string>;
  isFull: boolean;
  /** the last append may have written a partial line */
  isTorn: boolean;
};

const SEGMENT_BYTES = 4 * 1024 * 1024;
/** Maximum extra length of a call's end line compared with its start line: counts, dates and bill lines. */
const END_BYTES = 2048;
/** Disk space is reserved in steps of this size, if available. */
const ROOM_BYTES = 65_536;
const LINE_END = Buffer.from("\n");
const FULL = "the journal took only a part of a line: the disk may be full";

function bytesOf(line: Line): Buffer {
  return Buffer.from(`${JSON.stringify(line)}\n`);
}

/** Reserves space for this many more bytes as blank lines, which readers skip. */
function makeRoom(segment: Segment, bytes: number): void {
  // One more, for the line break after half a line.
  const needed = segment.bytes + bytes + 1;
  if (needed <= segment.roomTo) return;
  for (const upTo of [Math.max(needed, segment.roomTo + ROOM_BYTES), needed]) {
    const empty = Buffer.alloc(upTo - segment.roomTo, LINE_END);
    segment.roomTo += fs.writeSync(segment.descriptor, empty, 0, empty.byteLength, segment.roomTo);
    if (needed <= segment.roomTo) return;
  }
  throw new Error("the journal has no room for the end of this call: the disk may be full");
}

function segmentFiles(folder: string): string[] {
  return fs
    .readdirSync(folder)
    .filter((name) => /^\d{10}\.ndjson$/.test(name))
    .sort()
    .map((name) => path.join(folder, name));
}

type ReadSegment = {
  readonly file: string | null;
  readonly lines: readonly Line[];
  readonly unread: readonly Unread[];
};

/** A line that was being written when the process died is cut short; it is reported like any other that cannot be read. */
function readSegment(file: string): ReadSegment {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    return { file: null, lines: [], unread: [{ why: `${String(error)}; ${putAway(file)}`, row: { file } }] };
  }
  const read = text
    .split("\n")
    .filter((line) => line !== "")
    .map(readLine);
  return {
    file,
    lines: read.flatMap((one) => (one.kind === "line" ? one.line : [])),
    unread: read.flatMap((one) => (one.kind === "bad" ? { why: one.why, row: one.text } : [])),
  };
}

/** Renames an entry that is not a file, so it is reported only once. */
function putAway(file: string): string {
  const aside = path.join(path.dirname(file), `unread-${Date.now()}-${path.basename(file)}`);
  try {
    fs.renameSync(file, aside);
    return `it is now ${aside}`;
  } catch (error) {
    return `it stays: ${String(error)}`;
  }
}
