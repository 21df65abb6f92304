import { z } from "zod";
import type { Database } from "@/db/client";
import { claimDeliveries, finishDelivery } from "@/db/queries/operators/alerts";
import { type Clock, HOUR_MS } from "@/lib/clock";
import type { Log } from "@/lib/log";
import type { Vault } from "@/lib/providers/vault";
import { channelConfig, type Message, send } from "./channels";
import { SEVERITIES } from "./rules";

const AT_ONCE = 20;
/** A receiver that has not accepted a message within this time has failed, even if it still sends data. */
const TRY_MS = 20_000;
/** A try takes less. If its process dies, the message is tried again after this time. */
const LEASE_MS = 60_000;
const TRIES_MAX = 12;
const FIRST_PAUSE_MS = 2000;
const PAUSE_MAX_MS = HOUR_MS;

const message: z.ZodType<Message> = z.object({
  kind: z.enum(["fired", "over", "test"]),
  rule: z.string(),
  severity: z.enum(SEVERITIES),
  at: z.string(),
  findings: z.array(z.object({ title: z.string(), detail: z.record(z.string(), z.unknown()), dedupeKey: z.string() })),
  console: z.string(),
});

type Claimed = Awaited<ReturnType<typeof claimDeliveries>>[number];

/**
 * Sends due messages, each at least once: a receiver that accepted one and died before it answered gets it again under
 * the same id. Failed tries are repeated after 2 s, 4 s, 8 s … up to an hour, twelve times in all. Receivers do not
 * block each other: one message per channel at a time, for at most twenty channels, each no longer than TRY_MS.
 */
export class Deliveries {
  readonly #needs: {
    readonly db: Database;
    readonly clock: Clock;
    readonly unseal: Vault["unseal"];
    readonly log: Log;
  };
  /** Running tries, by channel. */
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  #looking: Promise<void> | null = null;

  constructor(needs: { db: Database; clock: Clock; unseal: Vault["unseal"]; log: Log }) {
    this.#needs = needs;
  }

  /** Cancels the running tries. Their messages are due again after a pause. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("this process ended"));
    await this.#looking?.catch(() => undefined);
    await Promise.all(this.#underWay.values());
  }

  /** A background job: starts due messages, and resolves before any is delivered. Rejects without a database. */
  look(): Promise<void> {
    this.#looking ??= this.#begin().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  /** The same where the host may suspend the process after the job: resolves when each started message has an outcome. */
  async lookAndWait(): Promise<void> {
    await this.look();
    await Promise.all(this.#underWay.values());
  }

  async #begin(): Promise<void> {
    const { db, clock } = this.#needs;
    const room = AT_ONCE - this.#underWay.size;
    if (room <= 0 || this.#stop.signal.aborted) return;
    const now = clock.now();
    const busy = [...this.#underWay.keys()];
    const claim = { now: new Date(now), leaseUntil: new Date(now + LEASE_MS), most: room, busy };
    for (const claimed of await claimDeliveries(db, claim)) {
      const { channelId } = claimed.delivery;
      const done = this.#deliver(claimed)
        .catch((error: unknown) => this.#needs.log.warn({ err: error }, "alerts: could not record a delivery attempt"))
        .finally(() => this.#underWay.delete(channelId));
      this.#underWay.set(channelId, done);
    }
  }

  async #deliver({ delivery, channel }: Claimed): Promise<void> {
    const { db, clock, unseal } = this.#needs;
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(TRY_MS)]);
    const fault = await tryOnce(async () => {
      if (channel === null || !channel.enabled) throw new Error("the channel is not in use any more");
      const config = channelConfig.parse(JSON.parse(unseal(channel.id, channel.sealed)));
      const sending = { id: delivery.id, message: message.parse(delivery.message), now: new Date(clock.now()), signal };
      await send(config, sending);
    });
    const after = clock.now();
    const pause = Math.min(PAUSE_MAX_MS, FIRST_PAUSE_MS * 2 ** (delivery.attempts - 1));
    const isGivenUp = fault !== null && delivery.attempts >= TRIES_MAX;
    await finishDelivery(db, delivery.seq, {
      deliveredAt: fault === null ? new Date(after) : null,
      nextAt: fault === null || isGivenUp ? null : new Date(after + pause),
      lastError: fault,
    });
  }
}

const ERROR_CHARS_MAX = 300;

/** The error in words, without secrets in addresses; null on success. */
async function tryOnce(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    const text =
      error instanceof Error ? error.message || String(Reflect.get(error, "code") ?? error.name) : String(error);
    return text.replace(/https?:\/\/\S+/g, "its address").slice(0, ERROR_CHARS_MAX);
  }
}
