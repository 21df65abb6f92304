import fs from "node:fs";
import path from "node:path";
import type { Log } from "@/lib/log";

/** What could not be taken into the books, and why. `what` is a step of the book-keeping, or the journal. */
export type Aside = { readonly what: string; readonly why: string; readonly row: unknown };

/**
 * A file beside the journal for what the books cannot take: one line each, for people to read and to enter by hand. So one
 * bad row keeps no other from going in. Never throws: what cannot even be set aside is logged, with its reason.
 */
export class SetAside {
  readonly #file: string;
  readonly #log: Log;
  readonly #seen: (what: string) => void;

  constructor(input: { folder: string; log: Log; seen: (what: string) => void }) {
    this.#file = path.join(input.folder, "set-aside.ndjson");
    this.#log = input.log;
    this.#seen = input.seen;
  }

  add({ what, why, row }: Aside): void {
    this.#seen(what);
    try {
      const size = fs.statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
      if (size > FILE_BYTES_MAX) throw new Error("the file is full");
      fs.appendFileSync(this.#file, `${JSON.stringify({ at: new Date().toISOString(), what, why, row })}\n`, {
        mode: 0o600,
      });
      this.#log.error({ what, why, file: this.#file }, "a row was set aside: the books cannot take it");
    } catch (error) {
      this.#log.error(
        { what, why, err: error },
        "a row was dropped: the books cannot take it, and it cannot be set aside",
      );
    }
  }
}

const FILE_BYTES_MAX = 64 * 1024 * 1024;
