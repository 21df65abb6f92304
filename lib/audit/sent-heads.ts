import type { Log } from "@/lib/log";
import type { Mark } from "./mark";

/** Where heads are sent, with a bearer token; null = none. */
export type HeadsReceiver = { readonly url: string; readonly token: string | null };

const SEND_MS = 10_000;

/**
 * Sends signed heads of the audit log to a remote receiver, so that the log's proof is not only on this machine. The
 * newest proves all before it: while one is being sent, or the receiver is away, only the newest waits. Fail mode:
 * nothing waits for it. A head that could not be sent is sent with the next one, or at the next `add`.
 */
export class SentHeads {
  readonly #to: HeadsReceiver;
  readonly #log: Log;
  #newest: Mark | null = null;
  #sentSeq = 0;
  #isBusy = false;
  #isFailing = false;

  constructor(input: { to: HeadsReceiver; log: Log }) {
    this.#to = input.to;
    this.#log = input.log;
  }

  /** Never throws, and returns at once. */
  add(head: Mark): void {
    if (head.seq <= this.#sentSeq) return;
    if (this.#newest === null || head.seq >= this.#newest.seq) this.#newest = head;
    if (!this.#isBusy) void this.#send();
  }

  async #send(): Promise<void> {
    this.#isBusy = true;
    while (this.#newest !== null && this.#newest.seq > this.#sentSeq) {
      const head = this.#newest;
      const fault = await this.#post(head).then(() => null, String);
      if (fault !== null && !this.#isFailing)
        this.#log.error({ why: fault }, "could not send a head of the audit log (AUDIT_WEBHOOK); retrying");
      if (fault === null && this.#isFailing)
        this.#log.warn("sending heads of the audit log works again (AUDIT_WEBHOOK)");
      this.#isFailing = fault !== null;
      if (fault !== null) break;
      this.#sentSeq = head.seq;
    }
    this.#isBusy = false;
  }

  async #post(head: Mark): Promise<void> {
    const { url, token } = this.#to;
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(head),
      redirect: "error",
      signal: AbortSignal.timeout(SEND_MS),
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`the receiver answered with status ${answer.status}`);
  }
}
