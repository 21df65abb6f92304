import fs from "node:fs";
import path from "node:path";
import type { Log } from "@/lib/log";
import { type Mark, parseMark, type Signer } from "./mark";

/** The newest one proves every row before it. The older ones only show where and when a rewritten log begins. */
const LINES_KEPT = 20_000;
const LINES_MAX = 25_000;

/**
 * A file of signed heads outside the database, one per line. Every change of this process is added after its commit. An
 * attacker who can write only to the database cannot make a log that matches it. Adding never throws: a change is not
 * undone because the disk is full, and the next head proves it as well.
 */
export class Anchors {
  readonly file: string;
  readonly #signer: Signer;
  readonly #log: Log;
  #newest: Mark | null | undefined;
  #lines = 0;
  #isFailing = false;

  constructor(input: { folder: string; signer: Signer; log: Log }) {
    this.file = path.join(input.folder, "anchors.ndjson");
    this.#signer = input.signer;
    this.#log = input.log;
  }

  /** The newest head in the file; null when there is none. */
  newest(): Mark | null {
    if (this.#newest === undefined) this.read();
    return this.#newest ?? null;
  }

  /** All heads of the file with our signature, in order, and the number of other lines. */
  read(): { readonly heads: readonly Mark[]; readonly unreadable: number } {
    const text = fs.existsSync(this.file) ? fs.readFileSync(this.file, "utf8") : "";
    const lines = text.split("\n").filter((line) => line !== "");
    const heads = lines.flatMap((line) => {
      const mark = parseMark(line);
      return mark !== null && mark.kind === "head" && this.#signer.isOurs(mark) ? mark : [];
    });
    this.#lines = lines.length;
    this.#newest = heads.reduce<Mark | null>((last, one) => (last === null || one.seq >= last.seq ? one : last), null);
    return { heads, unreadable: lines.length - heads.length };
  }

  add(head: Mark): void {
    try {
      if (head.seq <= (this.newest()?.seq ?? 0)) return;
      fs.mkdirSync(path.dirname(this.file), { recursive: true, mode: 0o700 });
      // Also in front: a partial line after a crash must not spoil this one.
      fs.appendFileSync(this.file, `${this.#lines === 0 ? "" : "\n"}${JSON.stringify(head)}\n`, { mode: 0o600 });
      this.#newest = head;
      this.#lines += 1;
      this.#isFailing = false;
      if (this.#lines > LINES_MAX) this.#shorten();
    } catch (error) {
      if (!this.#isFailing) this.#log.error({ err: error, file: this.file }, "could not anchor the audit log");
      this.#isFailing = true;
    }
  }

  #shorten(): void {
    const heads = this.read().heads.slice(-LINES_KEPT);
    const draft = `${this.file}.new`;
    fs.writeFileSync(draft, heads.map((head) => `${JSON.stringify(head)}\n`).join(""), { mode: 0o600 });
    fs.renameSync(draft, this.file);
    this.#lines = heads.length;
  }
}
