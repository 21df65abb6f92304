import { asPublicError, type ErrorCode, PublicError } from "@/lib/errors";
import { type Forwarded, isAnswered } from "@/lib/providers/forward";
import type { Call } from "@/lib/wire/call";
import { dialectOfEndpoint, errorFrame } from "@/lib/wire/dialect";
import type { StreamEnd, StreamMeter } from "@/lib/wire/stream-meter";
import type { Candidate } from "../attempt/candidates";
import { type Exchange, jsonReply, type Reply } from "../exchange/exchange";
import type { Gateway } from "../gateway";
import type { Ending } from "./bill";
import type { OpenCall, Stop } from "./open-call";

type Relay = {
  readonly gateway: Gateway;
  readonly exchange: Exchange;
  readonly call: Call;
  readonly candidate: Candidate;
  readonly open: OpenCall;
  readonly send: (open: OpenCall) => Promise<Forwarded>;
  readonly headers: Readonly<Record<string, string>>;
};

const BODY_BYTES_MAX = 32 * 1024 * 1024;
/** 64 bytes per token is far above any tokenizer's longest; what exceeds it is not the answer that was asked for. */
const BYTES_PER_TOKEN_MAX = 64;
const STREAM_BYTES_BASE = 1024 * 1024;
const EVENT_BYTES_PER_TOKEN = 1024;
const RETRY_AFTER_SECONDS_MAX = 3600;

/**
 * Sends an admitted call and brings its answer back. Invariant: on every way out, the call is finished exactly once,
 * and before the caller can see the answer's last byte, so that its slot is free when the caller comes again.
 */
export async function relay(input: Relay): Promise<Reply> {
  const { gateway, exchange, call, open } = input;
  const deadline = setTimeout(() => open.stop(timedOut("The provider took too long.")), gateway.upstream.totalMs);
  const leave = () => open.stop(clientLeft(exchange.signal));
  exchange.signal.addEventListener("abort", leave);
  if (exchange.signal.aborted) leave();
  const done = () => {
    clearTimeout(deadline);
    exchange.signal.removeEventListener("abort", leave);
  };
  try {
    const upstream = await sendOnce(input);
    if (!isAnswered(upstream.status)) throw await upstreamRefusal(upstream, open);
    const reply = call.stream ? await streamReply(input, upstream, done) : await wholeReply(input, upstream);
    if (!call.stream) done();
    return reply;
  } catch (error) {
    done();
    throw error;
  }
}

async function sendOnce({ open, send }: Relay): Promise<Forwarded> {
  try {
    return await send(open);
  } catch (error) {
    const stop = stopOf(open);
    // Broken off from this side while the provider was at work: its input is owed. Otherwise it gave no tokens.
    const ending =
      stop?.ending ?? (asPublicError(error)?.code === "upstream_timeout" ? "upstream_timeout" : "upstream_error");
    await open.finish(ending, open.wasSent && stop !== null && stop.ending !== "upstream_timeout");
    throw stop === null ? error : new PublicError(stop.code, stop.message);
  }
}

/** A provider's error in our words. Its text may hold account names and key hints, so only a 400's message is passed. */
async function upstreamRefusal(upstream: Forwarded, open: OpenCall): Promise<PublicError> {
  open.begun(upstream.status, () => null);
  const text = upstream.status === 400 || upstream.status === 422 ? await readText(upstream, open) : "";
  upstream.body.destroy();
  await open.finish("upstream_refused", false);
  const { status } = upstream;
  if (status === 429) {
    const seconds = retryAfterOf(upstream.header("retry-after"));
    return new PublicError(
      "upstream_rate_limited",
      `The provider is at its own limit. Please try again in ${seconds}s.`,
      { retryAfterSeconds: seconds },
    );
  }
  if (status === 401 || status === 403)
    return new PublicError("upstream_auth", "The provider refuses our credential. The operator has to mend it.");
  if (status === 400 || status === 422)
    return new PublicError("upstream_refused", messageIn(text) ?? "The provider refuses this request.");
  return new PublicError("upstream_error", `The provider answered with status ${status}.`, { retryAfterSeconds: 1 });
}

async function wholeReply(
  { gateway, exchange, call, candidate, open, headers }: Relay,
  upstream: Forwarded,
): Promise<Reply> {
  const collected: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of paced(upstream.body, open, gateway.upstream.idleMs)) {
      size += chunk.byteLength;
      if (size > BODY_BYTES_MAX)
        throw new PublicError("upstream_protocol_error", "The provider's answer is too large.");
      collected.push(chunk);
    }
  } catch (error) {
    upstream.body.destroy();
    const stop = stopOf(open);
    open.begun(upstream.status, () => null);
    await open.finish(stop?.ending ?? "upstream_cut", stop !== null);
    if (stop !== null) throw new PublicError(stop.code, stop.message);
    throw (
      asPublicError(error) ?? new PublicError("upstream_error", "The provider broke off its answer.", { cause: error })
    );
  }
  const metered = candidate.pair.whole(Buffer.concat(collected), { call, nowSeconds: seconds(gateway) });
  open.begun(upstream.status, () => metered?.reading ?? null);
  await open.finish(metered === null ? "upstream_protocol_error" : "complete", metered !== null);
  if (metered === null)
    throw new PublicError("upstream_protocol_error", "The provider's answer is not one to this call.");
  return jsonReply(200, metered.body, { ...headers, "x-request-id": exchange.requestId });
}

async function streamReply(input: Relay, upstream: Forwarded, done: () => void): Promise<Reply> {
  const { gateway, call, candidate, open, headers } = input;
  const isEventStream = upstream.header("content-type")?.startsWith("text/event-stream") ?? false;
  if (!isEventStream) {
    upstream.body.destroy();
    open.begun(upstream.status, () => null);
    await open.finish("upstream_protocol_error", false);
    throw new PublicError("upstream_protocol_error", "The provider answered a stream with something else.");
  }
  const tokens = candidate.outputTokensEach * call.choices;
  const outputBytesMax = tokens * (BYTES_PER_TOKEN_MAX + EVENT_BYTES_PER_TOKEN) + STREAM_BYTES_BASE;
  const meter = candidate.pair.stream({ call, outputBytesMax, nowSeconds: seconds(gateway) });
  open.begun(upstream.status, () => meter.reading());
  return {
    status: 200,
    headers: {
      ...headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    },
    body: settledUnread(pump(input, upstream, meter, done), input, upstream, done),
  };
}

/**
 * A generator that was never started runs no `finally`: a caller that leaves before the first byte is pulled would
 * leave the call open. Until the first pull, the call's own end settles it.
 */
function settledUnread(
  chunks: AsyncGenerator<Uint8Array>,
  { open }: Relay,
  upstream: Forwarded,
  done: () => void,
): AsyncIterable<Uint8Array> {
  const unread = () => {
    upstream.body.destroy();
    void open.finish(stopOf(open)?.ending ?? "client_abort", true).then(done);
  };
  open.signal.addEventListener("abort", unread, { once: true });
  return {
    [Symbol.asyncIterator]() {
      open.signal.removeEventListener("abort", unread);
      return chunks;
    },
  };
}

/** Pulls one upstream chunk per chunk sent. Returning early (the caller has gone) settles what was delivered. */
async function* pump(
  input: Relay,
  upstream: Forwarded,
  meter: StreamMeter,
  done: () => void,
): AsyncGenerator<Uint8Array> {
  const { gateway, exchange, open } = input;
  const chunks = paced(upstream.body, open, gateway.upstream.idleMs);
  try {
    for await (const chunk of chunks) {
      const out = meter.feed(chunk);
      if (meter.isOver()) {
        await open.finish(endingOf(meter.end()), true);
        yield meter.end() === "done" ? out : joined(out, lastFrame(input, wordsFor(meter.end())));
        return;
      }
      if (out.byteLength > 0) yield out;
    }
    await open.finish("upstream_cut", true);
    yield lastFrame(input, wordsFor("cut"));
  } catch (error) {
    const stop = stopOf(open);
    await open.finish(stop?.ending ?? "upstream_cut", true);
    gateway.log.debug({ err: error, requestId: exchange.requestId }, "stream ended early");
    yield lastFrame(input, stop ?? wordsFor("cut"));
  } finally {
    upstream.body.destroy();
    await open.finish("client_abort", true);
    done();
  }
}

/**
 * The chunks of a body, each within `idleMs` of the one before. Ends with a throw when the call is stopped: the request
 * carries the call's signal, so the body breaks.
 */
async function* paced(body: AsyncIterable<Uint8Array>, open: OpenCall, idleMs: number): AsyncGenerator<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]();
  for (;;) {
    const idle = setTimeout(() => open.stop(timedOut("The provider fell silent.")), idleMs);
    const next = await iterator.next().finally(() => clearTimeout(idle));
    if (next.done === true) return;
    yield next.value;
  }
}

function stopOf(open: OpenCall): Stop | null {
  return open.signal.aborted ? (open.signal.reason ?? null) : null;
}

function timedOut(message: string): Stop {
  return { ending: "upstream_timeout", code: "upstream_timeout", message };
}

function clientLeft(signal: AbortSignal): Stop {
  const ending: Ending = signal.reason === "stalled" ? "stalled_reader" : "client_abort";
  return { ending, code: "upstream_error", message: "The caller has left." };
}

function endingOf(end: StreamEnd): Ending {
  switch (end) {
    case "done":
      return "complete";
    case "cut":
      return "upstream_cut";
    case "protocol_error":
      return "upstream_protocol_error";
    case "upstream_error":
      return "upstream_error";
    default:
      return end satisfies never;
  }
}

function wordsFor(end: StreamEnd): { code: ErrorCode; message: string } {
  if (end === "protocol_error")
    return { code: "upstream_protocol_error", message: "The provider sent something that is not part of an answer." };
  if (end === "upstream_error")
    return { code: "upstream_error", message: "The provider reported an error while answering." };
  return { code: "upstream_error", message: "The provider broke off its answer." };
}

function lastFrame({ exchange, call }: Relay, words: { code: ErrorCode; message: string }): Uint8Array {
  const answer = { ...words, param: null, requestId: exchange.requestId };
  return new TextEncoder().encode(errorFrame(dialectOfEndpoint(call.endpoint), answer));
}

function seconds({ clock }: Gateway): number {
  return Math.floor(clock.now() / 1000);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  return Buffer.concat([first, second]);
}

async function readText(upstream: Forwarded, open: OpenCall): Promise<string> {
  let text = "";
  try {
    for await (const chunk of paced(upstream.body, open, 2000)) {
      text += Buffer.from(chunk).toString("utf8");
      if (text.length > STREAM_BYTES_BASE) break;
    }
  } catch {
    // An error text that does not come is no reason to answer otherwise.
  }
  return text;
}

function messageIn(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    const error = typeof value === "object" && value !== null && "error" in value ? value.error : null;
    const message = typeof error === "object" && error !== null && "message" in error ? error.message : null;
    return typeof message === "string" ? message.slice(0, 500) : null;
  } catch {
    return null;
  }
}

function retryAfterOf(value: string | null): number {
  const seconds = Math.ceil(Number(value));
  return Number.isFinite(seconds) ? Math.min(Math.max(1, seconds), RETRY_AFTER_SECONDS_MAX) : 1;
}
