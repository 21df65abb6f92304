import { asPublicError, PublicError } from "@/lib/errors";
import type { Call } from "@/lib/wire/call";
import { dialectOfEndpoint, errorFrames, pingFrame } from "@/lib/wire/dialect";
import type { Bounds } from "../bounds/bounds";
import type { Exchange, Reply } from "../exchange/exchange";

type Tools = {
  readonly bounds: Pick<Bounds, "failed">;
  readonly upstream: { readonly pingMs: number; readonly earlyMs: number };
  readonly log: { error(fields: object, text: string): void };
};

type Headers = Readonly<Record<string, string>>;
/**
 * Called when a call begins to wait: in a queue, or `atProvider` for the headers of its answer. It passes what the
 * caller learns about the wait.
 */
export type OnWaiting = (headers: () => Headers, where?: "atProvider") => void;
type Outcome = { readonly reply: Reply } | { readonly fault: unknown };
type Asked = { readonly exchange: Exchange; readonly call: Pick<Call, "stream" | "endpoint"> };

/**
 * Serves a call. A stream that waits `pingMs` in a queue, or `earlyMs` at its provider, gets an early answer: its
 * headers, and a ping every `pingMs`, so that no proxy closes the connection as dead. After that a refusal is an error
 * in the stream, which all three dialects support, and the caller's library does not retry by itself. So calls with a
 * shorter wait get a normal status. Other answers have no place for a ping, and wait without one.
 */
export async function answeredEarly(
  tools: Tools,
  asked: Asked,
  work: (onWaiting: OnWaiting) => Promise<Reply>,
): Promise<Reply> {
  if (!asked.call.stream) return work(() => undefined);
  const waiting = new LongWait();
  const { pingMs, earlyMs } = tools.upstream;
  const outcome = work((headers, where) => waiting.begin(headers, where === undefined ? pingMs : earlyMs)).then(
    (reply): Outcome => ({ reply }),
    (fault: unknown): Outcome => ({ fault }),
  );
  const first = await Promise.race([outcome, waiting.isLong]);
  waiting.end();
  if ("headers" in first) return early(tools, asked, { headers: first.headers, outcome });
  if ("fault" in first) throw first.fault;
  return first.reply;
}

/** Detects that a call has waited for long. Sets no timer until a call waits. */
class LongWait {
  readonly isLong: Promise<{ readonly headers: Headers }>;
  /** One for the queue and one for the provider; the first one decides. */
  readonly #timers = new Map<number, NodeJS.Timeout>();
  #resolve: (long: { readonly headers: Headers }) => void = () => undefined;

  constructor() {
    this.isLong = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  begin(headers: () => Headers, ms: number): void {
    if (!this.#timers.has(ms))
      this.#timers.set(
        ms,
        setTimeout(() => this.#resolve({ headers: headers() }), ms),
      );
  }

  end(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}

function early(
  tools: Tools,
  asked: Asked,
  { headers, outcome }: { readonly headers: Headers; readonly outcome: Promise<Outcome> },
): Reply {
  return {
    status: 200,
    headers: {
      ...headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    },
    body: signsOfLife(tools, asked, outcome),
  };
}

async function* signsOfLife(
  tools: Tools,
  { exchange, call }: Asked,
  outcome: Promise<Outcome>,
): AsyncGenerator<Uint8Array> {
  const dialect = dialectOfEndpoint(call.endpoint);
  const encoder = new TextEncoder();
  const ping = encoder.encode(pingFrame(dialect));
  yield ping;
  let known = await within(outcome, tools.upstream.pingMs);
  while (known === null) {
    yield ping;
    known = await within(outcome, tools.upstream.pingMs);
  }
  if ("reply" in known) {
    const { body } = known.reply;
    if (body instanceof Uint8Array) yield body;
    else yield* body;
    return;
  }
  const error = asPublicError(known.fault);
  if (error === null) tools.log.error({ err: known.fault, requestId: exchange.requestId }, "request failed");
  const { code, message, param, passed } =
    error ?? new PublicError("internal", "An internal error occurred. It has been logged.");
  tools.bounds.failed(exchange, error?.code ?? null);
  yield encoder.encode(errorFrames(dialect, { code, message, param, passed, requestId: exchange.requestId }));
}

/** The result if it comes within `ms`; null = not yet. */
async function within(outcome: Promise<Outcome>, ms: number): Promise<Outcome | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  return Promise.race([outcome, late]).finally(() => clearTimeout(timer));
}
