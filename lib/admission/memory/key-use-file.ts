import fs from "node:fs";
import { z } from "zod";
import type { Log } from "@/lib/log";

const line = z.strictObject({
  id: z.string().max(200),
  /** null = the key was released */
  use: z.strictObject({ body: z.string().max(200), requestId: z.string().max(200), at: z.number() }).nullable(),
});

/** One use of an idempotency key as stored; `at` is when it began, epoch ms. */
export type KeptUse = NonNullable<z.infer<typeof line>["use"]>;

const LINES_MAX = 400_000;

/**
 * The uses of idempotency keys in DATA_DIR: one line for each that begins or is released, so that a killed process
 * serves no call a second time. A line is in the page cache when `append` returns and so survives kill -9. Fail mode:
 * `append` throws when it cannot be written; then the call must not be served.
 */
export class KeyUseFile {
  readonly #file: string;
  readonly #log: Log;
  #lines = 0;

  constructor({ file, log }: { file: string; log: Log }) {
    this.#file = file;
    this.#log = log;
  }

  /** The stored uses that began after `since`, the oldest first. Call it once, before anything is appended. */
  load(since: number): ReadonlyMap<string, KeptUse> {
    const text = fs.existsSync(this.#file) ? fs.readFileSync(this.#file, "utf8") : "";
    const uses = new Map<string, KeptUse>();
    let unread = 0;
    for (const one of text.split("\n").filter(Boolean)) {
      const read = parsedLine(one);
      if (read === null) unread += 1;
      else if (read.use === null) uses.delete(read.id);
      else if (read.use.at > since) uses.set(read.id, read.use);
    }
    // The last line of a killed process may be cut short: its call had not begun.
    if (unread > 0) this.#log.warn({ unread, file: this.#file }, "some lines of used idempotency keys cannot be read");
    this.rewrite(uses);
    return uses;
  }

  append(id: string, use: KeptUse | null): void {
    fs.appendFileSync(this.#file, lineOf(id, use), { mode: 0o600 });
    this.#lines += 1;
  }

  /** Most of its lines are obsolete: it must be rewritten. */
  get isLong(): boolean {
    return this.#lines > LINES_MAX;
  }

  /** Replaces the file's content by these uses, in one step. */
  rewrite(uses: Iterable<readonly [string, KeptUse]>): void {
    const lines = [...uses].map(([id, use]) => lineOf(id, use));
    fs.writeFileSync(`${this.#file}.new`, lines.join(""), { mode: 0o600 });
    fs.renameSync(`${this.#file}.new`, this.#file);
    this.#lines = lines.length;
  }
}

function lineOf(id: string, use: KeptUse | null): string {
  // A line break in front too: a partial line from a crash must not spoil this one.
  return `\n${JSON.stringify({ id, use } satisfies z.infer<typeof line>)}\n`;
}

function parsedLine(text: string): z.infer<typeof line> | null {
  try {
    return line.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
