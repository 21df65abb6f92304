import fs from "node:fs";
import path from "node:path";
import type { Log } from "@/lib/log";

/** A row that could not be stored, with the reason. `what`: the bookkeeping step, or the journal. */
export type Aside = { readonly what: string; readonly why: string; readonly row: unknown };

/**
 * A file next to the journal for rows that cannot be stored, one per line, to be entered by hand. So one bad row does
 * not block others. Never throws: a row that cannot be set aside is logged with the reason.
 */
export class SetAside {
  /** null = there is no disk that lasts */
  readonly #file: string | null;
  readonly #log: Log;
  readonly #seen: (what: string) => void;

  constructor(input: { folder: string | null; log: Log; seen: (what: string) => void }) {
    this.#file = input.folder === null ? null : path.join(input.folder, "set-aside.ndjson");
    this.#log = input.log;
    this.#seen = input.seen;
  }

  add({ what, why, row }: Aside): void {
    this.#seen(what);
    const file = this.#file;
    // No row contains a prompt or an answer, so it may be logged as a last resort.
    if (file === null) {
      this.#log.error({ what, why, row }, "the database refused a ledger row: it was set aside");
      return;
    }
    try {
      const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      if (size > FILE_BYTES_MAX) throw new Error("the file is full");
      fs.appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), what, why, row })}\n`, {
        mode: 0o600,
      });
      this.#log.error({ what, why, file }, "the database refused a ledger row: it was set aside");
    } catch (error) {
      this.#log.error(
        { what, why, err: error },
        "the database refused a ledger row, and it could not be set aside: it was dropped",
      );
    }
  }
}

const FILE_BYTES_MAX = 64 * 1024 * 1024;
