import type { Clock, Elapsed } from "@/lib/clock";
import { asPublicError, type ErrorCode, PublicError } from "@/lib/errors";
import type { Log } from "@/lib/log";
import type { Provider } from "@/lib/providers/catalog";
import { type Forwarded, isAnswered, replayed } from "@/lib/providers/forward";
import type { Call } from "@/lib/wire/call";
import { dialectOfEndpoint, pingFrame } from "@/lib/wire/dialect";
import { saidIn } from "@/lib/wire/faults/said";
import { looksLikeEvents } from "@/lib/wire/forms/events-in";
import { exactNumbers } from "@/lib/wire/json/exact-numbers";
import { parseBody } from "@/lib/wire/json/object";
import { withoutInput } from "@/lib/wire/pair";
import type { StreamMeter } from "@/lib/wire/stream-meter";
import type { Candidate } from "../attempt/candidates";
import type { Bounds } from "../bounds/bounds";
import { type Exchange, jsonReply, putHeaders, type Reply } from "../exchange/exchange";
import { BATCH_MS, mostOf } from "../kept/batch-most";
import { rawReply } from "../kept/raw-reply";
import { kindOf } from "../upstream/kind";
import { gathered, paced } from "../upstream/paced";
import { streamBytesMax } from "../upstream/stream-bytes";
import type { WatchedCall } from "../upstream/upstreams";
import { type Waits, waitsFor } from "../upstream/waits";
import type { Ending } from "./bill";
import { clientLeft, endingOf, timedOut, tooLarge, wordsFor } from "./early-ends";
import type { OpenCall } from "./open-call";
import { failureOf, silent, stopOf, upstreamRefusal } from "./provider-failure";

export type RelayTools = {
  readonly clock: Clock;
  readonly elapsed: Elapsed;
  readonly log: Log;
  readonly bounds: Bounds;
  readonly upstream: Waits & { readonly pingMs: number };
  readonly credentialOf: (provider: Provider) => string | null;
};

type Relay = {
  readonly tools: RelayTools;
  readonly exchange: Exchange;
  readonly call: Call;
  readonly candidate: Candidate;
  readonly open: OpenCall;
  readonly send: (open: OpenCall) => Promise<Forwarded>;
  readonly watched: Pick<WatchedCall, "answered">;
  /** owned by the answer, which may add to them */
  readonly headers: Record<string, string>;
};

const BODY_BYTES_MAX = 32 * 1024 * 1024;
/** enough bytes to recognise the type of a body */
const BEGINNING_BYTES = 4096;
const OK = 200;

/**
 * Sends an admitted call and returns its answer. Invariant: on every exit the call is finished exactly once, before the
 * caller can see the last byte, so its slot is free for the caller's next call.
 */
export async function relay(tools: RelayTools, relayed: Omit<Relay, "tools">): Promise<Reply> {
  const { exchange, call, candidate, open, send, watched, headers } = relayed;
  const input: Relay = { tools, exchange, call, candidate, open, send, watched, headers };
  const deadline = setTimeout(() => open.stop(timedOut("The provider took too long.")), waitsOf(input).totalMs);
  const leave = () => open.stop(clientLeft(exchange.signal));
  exchange.signal.addEventListener("abort", leave);
  if (exchange.signal.aborted) leave();
  const done = () => {
    clearTimeout(deadline);
    exchange.signal.removeEventListener("abort", leave);
  };
  try {
    const upstream = await sendOnce(input);
    tools.bounds.sent(exchange);
    input.watched.answered(upstream.status, upstream.header);
    const rest = sent(input);
    if (!isAnswered(upstream.status)) throw await upstreamRefusal(upstream, rest);
    if (call.at?.isRaw === true) return rawOf(rest, upstream, done);
    const reply = call.stream ? await streamed(rest, upstream, done) : await wholeReply(rest, upstream);
    if (!call.stream) done();
    return reply;
  } catch (error) {
    done();
    throw error;
  }
}

function waitsOf({ tools, call, candidate }: Relay): Waits {
  return waitsFor(tools.upstream, candidate.model.provider, call.stream);
}

/** An answer may take minutes, so the body that is already sent is released. */
function sent(input: Relay): Relay {
  return { ...input, call: withoutInput(input.call), send: () => Promise.reject(new Error("the call has been sent")) };
}

async function sendOnce({ open, send }: Relay): Promise<Forwarded> {
  try {
    return await send(open);
  } catch (error) {
    const stop = stopOf(open);
    // Aborted by this side while the provider was working, also for slowness. The provider bills its work, so the input
    // is charged. Otherwise it produced no tokens.
    const ending =
      stop?.ending ?? (asPublicError(error)?.code === "upstream_timeout" ? "upstream_timeout" : "upstream_error");
    await open.finish(ending, open.wasSent && (stop !== null || ending === "upstream_timeout"));
    throw stop === null ? error : new PublicError(stop.code, stop.message);
  }
}

/** The content of a file; it is not parsed here. */
function rawOf(input: Relay, upstream: Forwarded, done: () => void): Reply {
  const { open, headers } = input;
  putHeaders(headers, idsOf(open));
  const unread = (chunks: AsyncGenerator<Uint8Array>) => settledUnread(chunks, input, upstream, done);
  return rawReply({ open, upstream, idleMs: waitsOf(input).idleMs, headers, done, unread });
}

async function wholeReply(input: Relay, upstream: Forwarded): Promise<Reply> {
  const { candidate, open, headers } = input;
  const bytes = await collected(input, upstream);
  const text =
    candidate.pair.forms?.fromEvents != null && looksLikeEvents(bytes.subarray(0, BEGINNING_BYTES).toString())
      ? await endedStream(input, upstream, bytes)
      : null;
  const form = text === null ? null : (candidate.pair.forms?.fromEvents?.(text) ?? null);
  const answer = form === null ? bytes : Buffer.from(JSON.stringify(form));
  const metered = candidate.pair.whole(answer, translating(input));
  open.begun(upstream.status, () => metered?.reading ?? null);
  const { batch } = input.call;
  if (metered !== null && batch !== undefined) await open.leave(BATCH_MS, mostOf(open.intent, batch));
  else await open.finish(metered === null ? "upstream_protocol_error" : "complete", metered !== null);
  if (metered === null) throw noAnswer(input, bytes);
  putHeaders(headers, idsOf(open));
  if (metered.plain !== undefined) {
    headers["content-type"] = "text/plain; charset=utf-8";
    return { status: OK, headers, body: Buffer.from(metered.plain) };
  }
  if (metered.isBytes === true) return bytesReply(bytes, upstream, headers);
  return jsonReply(200, metered.body, headers);
}

/** Sound, or text that is not JSON. Only media types that browsers do not execute pass. */
function bytesReply(bytes: Uint8Array, upstream: Forwarded, headers: Record<string, string>): Reply {
  const type = upstream.header("content-type") ?? "";
  headers["content-type"] = /^(?:audio\/|text\/(?:plain|vtt)\b)/i.test(type) ? type : "application/octet-stream";
  return { status: OK, headers, body: bytes };
}

/** All bytes of a body. If they do not arrive, the call is finished and the error thrown. */
async function collected(input: Relay, upstream: Forwarded): Promise<Buffer> {
  const { open } = input;
  const bounds = { idleMs: waitsOf(input).idleMs, onIdle: silent(open), bytesMax: BODY_BYTES_MAX };
  const bytes = await gathered(upstream.body, bounds).catch(async (error: unknown) => {
    throw await brokenOff(input, upstream, { error, ending: "upstream_cut" });
  });
  if (bytes !== null) return bytes;
  throw await brokenOff(input, upstream, { error: tooLarge(), ending: "answer_too_large" });
}

/** An answer that stopped before any byte was passed on. */
async function brokenOff(
  { open }: Relay,
  upstream: Forwarded,
  { error, ending }: { readonly error: unknown; readonly ending: Ending },
): Promise<PublicError> {
  upstream.body.destroy();
  const stop = stopOf(open);
  open.begun(upstream.status, () => null);
  await open.finish(stop?.ending ?? ending, stop !== null);
  if (stop !== null) return new PublicError(stop.code, stop.message);
  return (
    asPublicError(error) ?? new PublicError("upstream_error", "The provider ended its answer early.", { cause: error })
  );
}

/** A 200 response that does not answer the call, with the provider's own message, if any. */
function noAnswer(input: Relay, bytes: Uint8Array): PublicError {
  const said = saidIn(parseBody(bytes));
  if (said === null) {
    return new PublicError("upstream_protocol_error", "The provider's answer does not match this call.");
  }
  const { message, passed } = failureOf(input, { status: OK, said, header: () => null });
  const shouldRetry = passed?.shouldRetry ?? true;
  return new PublicError("upstream_protocol_error", `The provider answered: ${message}`, { passed: { shouldRetry } });
}

/** The call's data for a translation. */
function translating({ tools, call, candidate: { estimatedInputTokens } }: Relay) {
  return { call, nowSeconds: seconds(tools), estimatedInputTokens };
}

/** The text of a stream that answers a non-streamed call. If it is incomplete, the call fails like a stream. */
async function endedStream(input: Relay, upstream: Forwarded, bytes: Uint8Array): Promise<string> {
  const { candidate, open } = input;
  const meter = candidate.pair.stream({ ...translating(input), outputBytesMax: BODY_BYTES_MAX });
  meter.feed(bytes);
  if (!meter.isOver()) meter.close();
  if (meter.end() === "done") return Buffer.from(bytes).toString("utf8");
  open.begun(upstream.status, () => meter.reading());
  await open.finish(endingOf(meter.end()), true);
  throw breakOf(input, meter);
}

/** A stream, in either form of the provider's answer. */
async function streamed(input: Relay, upstream: Forwarded, done: () => void): Promise<Reply> {
  const { candidate, open } = input;
  const wait = { idleMs: waitsOf(input).idleMs, onIdle: silent(open) };
  const kind = await kindOf(upstream, wait).catch(async (error: unknown) => {
    throw await brokenOff(input, upstream, { error, ending: "upstream_cut" });
  });
  if (kind.isStream) return streamReply(input, { ...upstream, body: kind.body }, done);
  const bytes = await collected(input, { ...upstream, body: kind.body });
  const body = parseBody(bytes);
  const { whole, forms } = candidate.pair;
  const metered = whole(bytes, translating(input));
  if (metered === null || body === null || forms === null) {
    open.begun(upstream.status, () => null);
    await open.finish("upstream_protocol_error", false);
    throw noAnswer(input, bytes);
  }
  return streamReply(input, { ...upstream, body: replayed(exactNumbers(forms.asEvents(body))) }, done);
}

async function streamReply(input: Relay, upstream: Forwarded, done: () => void): Promise<Reply> {
  const { call, candidate, open, headers } = input;
  const outputBytesMax = streamBytesMax(call, candidate.outputTokensEach);
  const meter = candidate.pair.stream({ ...translating(input), outputBytesMax });
  open.begun(upstream.status, () => meter.reading());
  putHeaders(headers, idsOf(open));
  headers["content-type"] = "text/event-stream; charset=utf-8";
  headers["cache-control"] = "no-cache, no-transform";
  headers["x-accel-buffering"] = "no";
  return {
    status: 200,
    headers,
    body: settledUnread(pump(input, upstream, meter, done), input, upstream, done),
  };
}

/**
 * A generator that was never started runs no `finally`, so a caller that leaves before the first pull would leave the
 * call open. Until the first pull, the call's own end settles it.
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
  open.signal.addEventListener("abort", unread);
  return {
    [Symbol.asyncIterator]() {
      open.signal.removeEventListener("abort", unread);
      return chunks;
    },
  };
}

/**
 * Pulls one upstream chunk per sent chunk, and sends pings during silence. An early return (the caller has gone)
 * settles what was delivered.
 */
async function* pump(
  input: Relay,
  upstream: Forwarded,
  meter: StreamMeter,
  done: () => void,
): AsyncGenerator<Uint8Array> {
  const { tools, open } = input;
  const { idleMs } = waitsOf(input);
  const { pingMs } = tools.upstream;
  let sentAt = tools.elapsed();
  const ping = new TextEncoder().encode(pingFrame(dialectOfEndpoint(input.call.endpoint)));
  try {
    for await (const chunk of paced(upstream.body, { idleMs, pingMs, onIdle: silent(open) })) {
      const out = chunk === null ? ping : meter.feed(chunk);
      if (chunk !== null) open.partCame();
      if (meter.isOver()) {
        yield await ended(input, meter, out);
        return;
      }
      // An event without a counterpart in the caller's dialect still counts as silence for the caller.
      const isSilent = out.byteLength === 0 && tools.elapsed() - sentAt < pingMs;
      if (isSilent) continue;
      sentAt = tools.elapsed();
      yield out.byteLength > 0 ? out : ping;
    }
    yield await ended(input, meter, meter.close());
  } catch (error) {
    const stop = stopOf(open);
    await open.finish(stop?.ending ?? "upstream_cut", true);
    tools.log.debug({ err: error, requestId: open.intent.requestId }, "stream ended early");
    yield lastFrame(input, meter, stop ?? wordsFor("cut"));
  } finally {
    upstream.body.destroy();
    await open.finish("client_abort", true);
    done();
  }
}

/** The last bytes of a stream. The call is settled before they are sent. */
async function ended(input: Relay, meter: StreamMeter, out: Uint8Array): Promise<Uint8Array> {
  await input.open.finish(endingOf(meter.end()), true);
  return meter.end() === "done" ? out : joined(out, lastFrame(input, meter, breakOf(input, meter)));
}

/** Why a stream did not complete, in the provider's words if it sent any. */
function breakOf(input: Relay, meter: StreamMeter): PublicError {
  const said = meter.fault();
  if (said !== null) return failureOf(input, { status: OK, said, header: () => null });
  const { code, message } = wordsFor(meter.end());
  return new PublicError(code, message);
}

/** The answer has the id of its try. A call that was sent a second time has a second id. */
export function idsOf({ intent: { requestId } }: OpenCall): Record<string, string> {
  return { "x-request-id": requestId, "request-id": requestId };
}

function lastFrame(
  { open }: Relay,
  meter: StreamMeter,
  error: { code: ErrorCode; message: string; param?: string | null; passed?: PublicError["passed"] },
): Uint8Array {
  const { code, message, param = null, passed = null } = error;
  return new TextEncoder().encode(meter.broken({ code, message, param, passed, requestId: open.intent.requestId }));
}

function seconds({ clock }: RelayTools): number {
  return Math.floor(clock.now() / 1000);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  return Buffer.concat([first, second]);
}
