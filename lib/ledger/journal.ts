import fs from "node:fs";
import path from "node:path";
import type { LedgerInsert } from "@/db/queries/record";
import type { Usage } from "@/lib/wire/usage";

/** A call about to be sent to a provider: everything its ledger row needs if we die before it ends. */
export type Intent = Omit<
  LedgerInsert,
  | "inputTokens"
  | "cachedInputTokens"
  | "outputTokens"
  | "usageSource"
  | "costMicroUsd"
  | "ending"
  | "upstreamStatus"
  | "upstreamHeadersMs"
  | "totalMs"
  | "endedAt"
>;

/** A call that a dead process left open, with the last usage it had noted. */
export type Orphan = { readonly intent: Intent; readonly usage: Usage | null; readonly noted: Date };

type Line =
  | { readonly kind: "open"; readonly intent: Intent }
  | { readonly kind: "note"; readonly requestId: string; readonly usage: Usage; readonly at: string }
  | { readonly kind: "close"; readonly row: LedgerInsert };

/**
 * Append-only journal of calls in DATA_DIR: the ledger's memory between the moment a call is sent and the moment its
 * row is committed. A line is in the page cache when `append` returns, so it survives kill -9 of this process (not a
 * power cut within the kernel's write-back time). Segments are removed when every call in them is committed.
 * Fail mode: a failed append throws; the caller must then not send the call.
 */
export class Journal {
  readonly #folder: string;
  #segment: Segment;
  readonly #waiting = new Map<string, Segment[]>();

  constructor(folder: string) {
    this.#folder = folder;
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#segment = this.#nextSegment();
  }

  open(intent: Intent): void {
    this.#append(intent.requestId, { kind: "open", intent });
  }

  note(requestId: string, usage: Usage, at: Date): void {
    this.#append(requestId, { kind: "note", requestId, usage, at: at.toISOString() });
  }

  close(row: LedgerInsert): void {
    this.#append(row.requestId, { kind: "close", row });
  }

  /** The row is in the database: its lines are no longer needed. */
  committed(requestId: string): void {
    for (const segment of this.#waiting.get(requestId) ?? []) {
      segment.waiting.delete(requestId);
      this.#removeIfDone(segment);
    }
    this.#waiting.delete(requestId);
  }

  /** What earlier processes left: rows that may not be committed, and calls that never ended. Read before any append. */
  leftovers(): { rows: LedgerInsert[]; orphans: Orphan[]; forget(): void } {
    const files = segmentFiles(this.#folder).filter((file) => file !== this.#segment.file);
    const open = new Map<string, Orphan>();
    const rows: LedgerInsert[] = [];
    for (const line of files.flatMap(readLines)) {
      if (line.kind === "open")
        open.set(line.intent.requestId, {
          intent: revived(line.intent),
          usage: null,
          noted: new Date(line.intent.admittedAt),
        });
      if (line.kind === "note") {
        const known = open.get(line.requestId);
        if (known !== undefined) open.set(line.requestId, { ...known, usage: line.usage, noted: new Date(line.at) });
      }
      if (line.kind === "close") {
        open.delete(line.row.requestId);
        rows.push({ ...revived(line.row), endedAt: new Date(line.row.endedAt) });
      }
    }
    return {
      rows,
      orphans: [...open.values()],
      forget: () => {
        for (const file of files) fs.rmSync(file, { force: true });
      },
    };
  }

  stop(): void {
    fs.closeSync(this.#segment.descriptor);
    if (this.#segment.waiting.size === 0) fs.rmSync(this.#segment.file, { force: true });
  }

  #append(requestId: string, line: Line): void {
    if (this.#segment.bytes > SEGMENT_BYTES) this.#rotate();
    const text = `${JSON.stringify(line)}\n`;
    fs.writeSync(this.#segment.descriptor, text);
    this.#segment.bytes += text.length;
    if (this.#segment.waiting.has(requestId)) return;
    this.#segment.waiting.add(requestId);
    this.#waiting.set(requestId, [...(this.#waiting.get(requestId) ?? []), this.#segment]);
  }

  #rotate(): void {
    const full = this.#segment;
    this.#segment = this.#nextSegment();
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
    return { file, descriptor: fs.openSync(file, "ax", 0o600), bytes: 0, waiting: new Set(), isFull: false };
  }
}

type Segment = {
  readonly file: string;
  readonly descriptor: number;
  bytes: number;
  readonly waiting: Set<string>;
  isFull: boolean;
};

const SEGMENT_BYTES = 4 * 1024 * 1024;

function segmentFiles(folder: string): string[] {
  return fs
    .readdirSync(folder)
    .filter((name) => /^\d{10}\.ndjson$/.test(name))
    .sort()
    .map((name) => path.join(folder, name));
}

/** A line that was being written when the process died is cut short: it is the last one, and is skipped. */
function readLines(file: string): Line[] {
  return fs
    .readFileSync(file, "utf8")
    .split("\n")
    .flatMap((text) => {
      try {
        const line: Line = JSON.parse(text);
        return [line];
      } catch {
        return [];
      }
    });
}

/** JSON turned the dates into text. */
function revived<T extends { admittedAt: Date }>(row: T): T {
  return { ...row, admittedAt: new Date(row.admittedAt) };
}
