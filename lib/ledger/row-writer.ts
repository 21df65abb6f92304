import { databaseFault } from "@/db/fault";
import type { Log } from "@/lib/log";
import type { SetAside } from "./set-aside";

const BATCH_ROWS = 500;

/**
 * Writes the collected rows step by step. Steps and rows are independent: a row that fails alone is set aside, unless
 * only its text is what the database does not store. Fail
 * mode: while the database is away, rows wait for the next drain and later steps are skipped, because each would wait
 * for its timeout.
 */
export class RowWriter {
  readonly #aside: SetAside;
  readonly #log: Log;
  readonly #failedStep: (what: string) => void;
  readonly #failing = new Set<string>();
  #isAway = false;

  constructor(input: { aside: SetAside; log: Log; failed: (what: string) => void }) {
    this.#aside = input.aside;
    this.#log = input.log;
    this.#failedStep = input.failed;
  }

  /** A drain starts: the database may be back. */
  begin(): void {
    this.#isAway = false;
  }

  /** Writes rows in batches and returns the rows to retry later. Never throws. `insert` stores all or nothing. */
  async write<Row>(
    what: string,
    rows: readonly Row[],
    insert: (rows: readonly Row[]) => Promise<void>,
  ): Promise<readonly Row[]> {
    const left: Row[] = [];
    let hasFailed = false;
    const writePart = async (part: readonly Row[]): Promise<void> => {
      if (this.#isAway || hasFailed) return void left.push(...part);
      const [first] = part;
      const kept = part.length === 1 ? storableRow(first) : null;
      // A text that cannot be stored is replaced: its row fails alone otherwise.
      const fault = await insert(kept == null ? part : [kept]).then(() => null, databaseFault);
      if (fault === null) return;
      const [only, ...others] = part;
      if (fault.kind !== "data" || only === undefined) {
        left.push(...part);
        hasFailed = true;
        this.#isAway = fault.kind === "away";
        this.#failed(what, fault.why);
      } else if (others.length === 0) {
        this.#aside.add({ what, why: fault.why, row: only });
      } else {
        const half = Math.ceil(part.length / 2);
        await writePart(part.slice(0, half));
        await writePart(part.slice(half));
      }
    };
    for (let at = 0; at < rows.length; at += BATCH_ROWS) await writePart(rows.slice(at, at + BATCH_ROWS));
    if (!hasFailed && !this.#isAway) this.#failing.delete(what);
    return left;
  }

  /** Runs an optional step and returns whether it succeeded. Never throws. */
  attempt(what: string, work: () => void): boolean {
    try {
      work();
      this.#failing.delete(what);
      return true;
    } catch (error) {
      this.#failed(what, String(error));
      return false;
    }
  }

  /** Once per row of failures: a drain comes five times a second. */
  #failed(what: string, why: string): void {
    this.#failedStep(what);
    if (this.#failing.has(what)) return;
    this.#failing.add(what);
    this.#log.error({ what, why }, "a bookkeeping step failed; its rows are retried");
  }
}

/** U+0000 and halves of surrogate pairs: PostgreSQL stores neither, in text or in JSON. */
const UNSTORED = /\u0000|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const REPLACEMENT = "\ufffd";

/** The row with such characters replaced; null when it has none. The bill of a call must not depend on a text in it. */
function storableRow<Row>(row: Row): Row | null {
  if (typeof row !== "object" || row === null) return null;
  const copy = { ...row };
  let isChanged = false;
  for (const [name, value] of Object.entries(row)) {
    if (typeof value !== "string") continue;
    const text = value.replace(UNSTORED, REPLACEMENT);
    if (text === value) continue;
    Reflect.set(copy, name, text);
    isChanged = true;
  }
  return isChanged ? copy : null;
}
