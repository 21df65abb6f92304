import type { Admission, SettleRequest } from "@/lib/admission/admission";
import type { Books } from "@/lib/ledger/books";
import type { Log } from "@/lib/log";

const TRIES = 3;
const PAUSE_MS = 500;

/**
 * Settles calls after their answers, where no journal outlives the process. Invariant: the store removes a call only
 * after its ledger row is committed. So a process that dies at any moment leaves a row, or the intent in the store from
 * which another process books it, or both. Rows are unique, so both count once. Fail mode: while the database is away
 * nothing is settled, and the reservation stays until it is reaped. `settle` resolves at once.
 */
export class SettleLater implements Admission {
  readonly #inner: Admission;
  readonly #books: Pick<Books, "drain" | "isWaiting">;
  readonly #log: Log;
  readonly #pauseMs: number;
  readonly #owed = new Set<Promise<void>>();

  constructor(input: {
    admission: Admission;
    books: Pick<Books, "drain" | "isWaiting">;
    log: Log;
    pauseMs?: number;
  }) {
    this.#inner = input.admission;
    this.#books = input.books;
    this.#log = input.log;
    this.#pauseMs = input.pauseMs ?? PAUSE_MS;
  }

  async settle(request: SettleRequest): Promise<"settled"> {
    const work = this.#settleNow(request).finally(() => this.#owed.delete(work));
    this.#owed.add(work);
    return "settled";
  }

  /** Resolves when all ended calls are in the database and the store, or left to the reaper. Never rejects. */
  readonly settled = async (): Promise<void> => {
    await Promise.all(this.#owed);
    await this.#books.drain();
  };

  async #settleNow(request: SettleRequest): Promise<void> {
    const { requestId } = request;
    for (let attempt = 1; ; attempt++) {
      const error = await this.#once(request).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      if (error === null) return;
      if (attempt === TRIES)
        return this.#log.error({ err: error, requestId }, "could not settle a call; it will be reaped");
      await new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
    }
  }

  async #once(request: SettleRequest): Promise<void> {
    await this.#books.drain();
    if (this.#books.isWaiting(request.requestId)) throw new Error("its ledger row could not be committed");
    await this.#inner.settle(request);
  }

  admit: Admission["admit"] = (request) => this.#inner.admit(request);
  heartbeat: Admission["heartbeat"] = (request) => this.#inner.heartbeat(request);
  peek: Admission["peek"] = (limits) => this.#inner.peek(limits);
  publish: Admission["publish"] = (version, tenantIds, whenNew) => this.#inner.publish(version, tenantIds, whenNew);
  raise: Admission["raise"] = (counts, how) => this.#inner.raise(counts, how);
  running: Admission["running"] = (tenantId) => this.#inner.running(tenantId);
  reap: Admission["reap"] = (request) => this.#inner.reap(request);
}
