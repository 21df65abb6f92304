import type { Clock, Elapsed } from "@/lib/clock";
import { asPublicError, type ErrorCode, PublicError } from "@/lib/errors";
import type { Log } from "@/lib/log";
import type { Provider } from "@/lib/providers/catalog";
import { type Forwarded, isAnswered, replayed } from "@/lib/providers/forward";
import type { Call } from "@/lib/wire/call";
import { dialectOfEndpoint, pingFrame } from "@/lib/wire/dialect";
import { saidIn } from "@/lib/wire/faults/said";
import { looksLikeEvents } from "@/lib/wire/forms/events-in";
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
  /** of the answer, which may add to them */
  readonly headers: Record<string, string>;
};

const BODY_BYTES_MAX = 32 * 1024 * 1024;
/** enough to see what kind of text a body is */
const BEGINNING_BYTES = 4096;
const OK = 200;

/**
 * Sends an admitted call and brings its answer back. Invariant: on every way out, the call is finished exactly once,
 * and before the caller can see the answer's last byte, so that its slot is free when the caller comes again.
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

/** An answer may take minutes: it holds on to nothing that is with the provider by then. */
function sent(input: Relay): Relay {
  return { ...input, call: withoutInput(input.call), send: () => Promise.reject(new Error("the call has been sent")) };
}

async function sendOnce({ open, send }: Relay): Promise<Forwarded> {
  try {
    return await send(open);
  } catch (error) {
    const stop = stopOf(open);
    // Broken off from this side while the provider was at work, also for its slowness: it bills its work, so the input is
    // owed. Otherwise it gave no tokens.
    const ending =
      stop?.ending ?? (asPublicError(error)?.code === "upstream_timeout" ? "upstream_timeout" : "upstream_error");
    await open.finish(ending, open.wasSent && (stop !== null || ending === "upstream_timeout"));
    throw stop === null ? error : new PublicError(stop.code, stop.message);
  }
}

/** The content of a file: bytes that nobody reads here. */
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
  if (metered.isBytes === true) return bytesReply(bytes, upstream, headers);
  return jsonReply(200, metered.body, headers);
}

/** Sound, or text that is no JSON. Only media types that no browser runs go on. */
function bytesReply(bytes: Uint8Array, upstream: Forwarded, headers: Record<string, string>): Reply {
  const type = upstream.header("content-type") ?? "";
  headers["content-type"] = /^(?:audio\/|text\/(?:plain|vtt)\b)/i.test(type) ? type : "application/octet-stream";
  return { status: OK, headers, body: bytes };
}

/** All bytes of a body; the call is finished and the error thrown when they do not come. */
async function collected(input: Relay, upstream: Forwarded): Promise<Buffer> {
  const { open } = input;
  const bounds = { idleMs: waitsOf(input).idleMs, onIdle: silent(open), bytesMax: BODY_BYTES_MAX };
  const bytes = await gathered(upstream.body, bounds).catch(async (error: unknown) => {
    throw await brokenOff(input, upstream, { error, ending: "upstream_cut" });
  });
  if (bytes !== null) return bytes;
  throw await brokenOff(input, upstream, { error: tooLarge(), ending: "answer_too_large" });
}

/** An answer whose bytes stopped coming before any had been passed on. */
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

/** A body of 200 that is no answer to the call: the provider's own words for it, if it has any. */
function noAnswer(input: Relay, bytes: Uint8Array): PublicError {
  const said = saidIn(parseBody(bytes));
  if (said === null) {
    return new PublicError("upstream_protocol_error", "The provider's answer is not one to this call.");
  }
  const { message, passed } = failureOf(input, { status: OK, said, header: () => null });
  const shouldRetry = passed?.shouldRetry ?? true;
  return new PublicError("upstream_protocol_error", `The provider answered: ${message}`, { passed: { shouldRetry } });
}

/** What a translation knows of the call. */
function translating({ tools, call, candidate: { estimatedInputTokens } }: Relay) {
  return { call, nowSeconds: seconds(tools), estimatedInputTokens };
}

/** The text of a stream that answers a whole call, if it is complete; otherwise the call fails as a stream would. */
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

/** A stream, in whichever form the provider answers. */
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
  return streamReply(input, { ...upstream, body: replayed(forms.asEvents(body)) }, done);
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
  open.signal.addEventListener("abort", unread);
  return {
    [Symbol.asyncIterator]() {
      open.signal.removeEventListener("abort", unread);
      return chunks;
    },
  };
}

/**
 * Pulls one upstream chunk per chunk sent, and bridges its silence. Returning early (the caller has gone) settles what was
 * delivered.
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
      if (meter.isOver()) {
        yield await ended(input, meter, out);
        return;
      }
      // An event without a counterpart in the caller's dialect leaves the caller in silence anyway.
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

/** The last bytes of a stream that is over, settled before they leave. */
async function ended(input: Relay, meter: StreamMeter, out: Uint8Array): Promise<Uint8Array> {
  await input.open.finish(endingOf(meter.end()), true);
  return meter.end() === "done" ? out : joined(out, lastFrame(input, meter, breakOf(input, meter)));
}

/** Why a stream did not come to its end, in the provider's words when it had any. */
function breakOf(input: Relay, meter: StreamMeter): PublicError {
  const said = meter.fault();
  if (said !== null) return failureOf(input, { status: OK, said, header: () => null });
  const { code, message } = wordsFor(meter.end());
  return new PublicError(code, message);
}

/** The answer names the try that brought it: a call that was sent a second time has a second id. */
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
