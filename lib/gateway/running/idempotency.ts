import { digest } from "@/lib/admission/digest";
import type { Idempotency, KeyUse } from "@/lib/admission/idempotency";
import type { Clock } from "@/lib/clock";
import { PublicError, StoreUnavailable } from "@/lib/errors";
import { exactNumbers } from "@/lib/wire/json/exact-numbers";
import type { Bounds } from "../bounds/bounds";
import type { KeyRing, Principal } from "../caller/principal";
import type { Exchange, Reply } from "../exchange/exchange";

const KEY_CHARS_MAX = 255;

type Tools = {
  readonly idempotency: Idempotency;
  readonly digestSecret: string;
  readonly bounds: Bounds;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly leaseMs: number;
};

/**
 * Serves a call with an `Idempotency-Key` once. A repeat gets an error that says whether the first call is running or
 * was served. Another body under the same key is an error. Answers are never stored, so they cannot be served again. A
 * call without a provider's answer frees its key.
 */
export async function onceByKey(
  tools: Tools,
  input: {
    readonly exchange: Exchange;
    readonly principal: Principal;
    readonly json: Readonly<Record<string, unknown>>;
  },
  serve: () => Promise<Reply>,
): Promise<Reply> {
  const { exchange, principal, json } = input;
  const key = idempotencyKey(exchange.header("idempotency-key"));
  if (key === null) return serve();
  const tenantId = principal.tenant.id;
  const secret = tools.digestSecret;
  const id = digest(secret, "idempotency", tenantId, `${principal.key.familyId}:${key}`);
  const body = await tools.bounds.inTurn(exchange, async () =>
    digest(secret, "body", tenantId, exactNumbers(JSON.stringify([exchange.path, json]))),
  );
  const { requestId } = exchange;
  const mine = { tenantId, id, body, requestId };
  const found = await asked(() => tools.idempotency.begin(mine));
  if (found !== null) {
    // No admission follows, so the key is checked here.
    await tools.keys.authenticateNow(exchange);
    throw refusalOf(found, body, tools);
  }
  const stopBeating = beating(tools, mine);
  try {
    const reply = await serve().finally(stopBeating);
    await asked(() => tools.idempotency.done(mine)).catch(() => undefined);
    return reply;
  } catch (error) {
    await asked(() => tools.idempotency.release(mine)).catch(() => undefined);
    throw error;
  }
}

/** Renews the use of a running call three times per lease, until the returned function has resolved. */
function beating({ idempotency, leaseMs }: Tools, mine: KeyUse): () => Promise<void> {
  let last = Promise.resolve();
  const beat = () => {
    last = last.then(() => idempotency.beat(mine)).catch(() => undefined);
  };
  const timer = setInterval(beat, leaseMs / 3).unref();
  return () => {
    clearInterval(timer);
    return last;
  };
}

/** The key as sent; null = none. An ambiguous key is refused, not ignored. */
export function idempotencyKey(header: string | undefined): string | null {
  if (header === undefined) return null;
  const key = header.trim();
  const isPlain = /^[\x20-\x7e]+$/.test(key);
  if (isPlain && key.length <= KEY_CHARS_MAX) return key;
  const message = isPlain
    ? `Idempotency-Key is longer than ${KEY_CHARS_MAX} characters.`
    : "Idempotency-Key must be visible ASCII and not empty.";
  throw new PublicError("invalid_value", message, { param: "idempotency-key" });
}

function refusalOf(
  found: { body: string; requestId: string; state: "running" | "done"; at: number },
  body: string,
  { clock, leaseMs }: Tools,
): PublicError {
  if (found.body !== body) {
    const message = "This Idempotency-Key was used with another body. Use a new key for a new call.";
    return new PublicError("idempotency_key_reused", message, { param: "idempotency-key" });
  }
  // A call without a renewal for longer than a lease has died with its process. The ledger says how it ended.
  const isRunning = found.state === "running" && clock.now() < found.at + leaseMs;
  if (isRunning) {
    const message = `The call with this Idempotency-Key is still running (${found.requestId}). Please try again in 1s.`;
    return new PublicError("idempotency_in_progress", message, { retryAfterSeconds: 1 });
  }
  const message = `The call with this Idempotency-Key has already been served (${found.requestId}); answers are not kept.`;
  return new PublicError("already_completed", message);
}

async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    const message = "The Idempotency-Key cannot be checked at the moment. Please try again in 2s.";
    throw new PublicError("limiter_unavailable", message, { cause: error, retryAfterSeconds: 2 });
  }
}
