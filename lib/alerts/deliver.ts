import { z } from "zod";
import type { Database } from "@/db/client";
import { claimDeliveries, finishDelivery } from "@/db/queries/operators/alerts";
import type { Clock } from "@/lib/clock";
import type { Vault } from "@/lib/providers/vault";
import { channelConfig, type Message, send } from "./channels";
import { SEVERITIES } from "./rules";

const AT_ONCE = 20;
/** A try takes less; whoever dies during one leaves the message to be tried again after it. */
const LEASE_MS = 60_000;
const TRIES_MAX = 12;
const FIRST_PAUSE_MS = 2000;
const PAUSE_MAX_MS = 3_600_000;

const message: z.ZodType<Message> = z.object({
  kind: z.enum(["fired", "over", "test"]),
  rule: z.string(),
  severity: z.enum(SEVERITIES),
  at: z.string(),
  findings: z.array(z.object({ title: z.string(), detail: z.record(z.string(), z.unknown()), dedupeKey: z.string() })),
  console: z.string(),
});

/**
 * Sends what is due, each message at least once: a receiver that took one and died before saying so gets it again under
 * the same id. Tries that fail are repeated after 2 s, 4 s, 8 s … up to an hour, twelve times in all.
 */
export async function deliverOnce(input: { db: Database; clock: Clock; unseal: Vault["unseal"] }): Promise<number> {
  const { db, clock, unseal } = input;
  const now = clock.now();
  const due = await claimDeliveries(db, { now: new Date(now), leaseUntil: new Date(now + LEASE_MS), most: AT_ONCE });
  await Promise.all(
    due.map(async ({ delivery, channel }) => {
      const fault = await tryOnce(async () => {
        if (channel === null || !channel.enabled) throw new Error("the channel is not in use any more");
        const config = channelConfig.parse(JSON.parse(unseal(channel.id, channel.sealed)));
        await send(config, delivery.id, message.parse(delivery.message), new Date(clock.now()));
      });
      const after = clock.now();
      const pause = Math.min(PAUSE_MAX_MS, FIRST_PAUSE_MS * 2 ** (delivery.attempts - 1));
      const isGivenUp = fault !== null && delivery.attempts >= TRIES_MAX;
      await finishDelivery(db, delivery.seq, {
        deliveredAt: fault === null ? new Date(after) : null,
        nextAt: fault === null || isGivenUp ? null : new Date(after + pause),
        lastError: fault,
      });
    }),
  );
  return due.length;
}

const ERROR_CHARS_MAX = 300;

/** What went wrong, in words without addresses' secrets; null when nothing did. */
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
