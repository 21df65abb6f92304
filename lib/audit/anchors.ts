import fs from "node:fs";
import path from "node:path";
import type { Log } from "@/lib/log";
import { type Mark, parseMark, type Signer } from "./mark";

/** The newest one vouches for every row before it; the older ones only tell where and when a rewritten log begins. */
const LINES_KEPT = 20_000;
const LINES_MAX = 25_000;

/**
 * A file of signed heads outside the database, one a line, to which every change of this process is added after its commit.
 * Somebody who can write only to the database cannot make a log that fits it. Adding never throws: a change is not undone
 * because the disk is full, and the next head vouches for it as well.
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

  /** All heads of the file that are ours, in their order, and how many lines are not. */
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
      // In front, too: what a crash has left of a line must not spoil this one.
      fs.appendFileSync(this.file, `${this.#lines === 0 ? "" : "\n"}${JSON.stringify(head)}\n`, { mode: 0o600 });
      this.#newest = head;
      this.#lines += 1;
      this.#isFailing = false;
      if (this.#lines > LINES_MAX) this.#shorten();
    } catch (error) {
      if (!this.#isFailing) this.#log.error({ err: error, file: this.file }, "the audit log could not be anchored");
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
