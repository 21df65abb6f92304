import { systemClock } from "@/lib/clock";
import { newRequestId } from "@/lib/request-id";
import { fromWeb } from "../bounds/body-source";
import { type CurrentGateway, currentGateway } from "../current-gateway";
import { handle } from "../routes/handle";
import type { After, Judged } from "./bare-host";
import type { Exchange, Reply } from "./exchange";
import type { Fronted } from "./fronted-calls";

/** Header from our server to Next's handlers: `<door secret> <client's address> <request id>`. */
export const CLIENT_HEADER = "x-spillway-client";

/**
 * The second door: a Next route handler's Request in, a Response out. It serves requests that passed the first door's
 * rules, which also guard Next's own server. On hosts without our server, `bare` checks the request, and Next's `after`
 * keeps the process until the call is in the ledger.
 */
export async function nextDoor(request: Request, after: After): Promise<Response> {
  const current = currentGateway();
  const judged = current === null ? null : await judgedBy(current, request);
  if (current === null || judged === null) {
    const error = { message: "The server is starting.", type: "server_error", param: null, code: "starting" };
    return Response.json({ error }, { status: 503, headers: { "retry-after": "1" } });
  }
  if (judged.kind === "refused") return judged.answer;
  const { gateway, bare } = current;
  const fronted = "requestId" in judged ? current.fronted.get(judged.requestId ?? "") : null;
  const exchange = exchangeOf(request, judged, fronted);
  fronted?.begun(exchange);
  const end = untilEnded(request.signal);
  if (bare !== null) after(() => end.ended.then(bare.settled));
  const reply = await handle(gateway, exchange);
  const leave = () => gateway.bounds.leave(exchange);
  const over = () => {
    leave();
    end.over();
  };
  // Next may neither pull nor cancel a body that has no reader.
  request.signal.addEventListener("abort", leave, { once: true });
  if (request.signal.aborted) leave();
  await fronted?.answered(reply);
  const body = NULL_BODY.has(reply.status) ? nothing(over) : bodyOf(reply, { leave, over });
  return new Response(body, { status: reply.status, headers: reply.headers });
}

type Passed = Extract<Judged, { kind: "passed" }> & { readonly requestId?: string | undefined };

/** Null = not checked. */
async function judgedBy(
  { bare, doorSecret }: CurrentGateway,
  request: Request,
): Promise<Exclude<Judged, { kind: "passed" }> | Passed | null> {
  if (bare !== null) return bare.judge(request);
  const [secret = "", address = "0.0.0.0", requestId] = (request.headers.get(CLIENT_HEADER) ?? "").split(" ");
  return secret === doorSecret ? { kind: "passed", address, requestId } : null;
}

/** Time for a call to end after its caller has left. */
const ABORTED_MS = 5000;

/** Resolves when a call has ended: its answer is complete, or its caller has left. */
function untilEnded(signal: AbortSignal): { readonly ended: Promise<void>; over(): void } {
  let over: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    over = resolve;
  });
  signal.addEventListener("abort", () => setTimeout(over, ABORTED_MS).unref(), { once: true });
  return { ended, over };
}

function nothing(over: () => void): null {
  over();
  return null;
}

/** Statuses with which a Response takes no body at all, not even an empty one (Fetch standard, 2.2.3). */
const NULL_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

function exchangeOf(request: Request, { address, requestId }: Passed, fronted: Fronted | null): Exchange {
  const url = new URL(request.url);
  const read = fromWeb(request.body);
  return {
    requestId: requestId ?? newRequestId(systemClock.now()),
    method: request.method,
    path: url.pathname,
    query: url.search.slice(1),
    header: (name) => request.headers.get(name) ?? undefined,
    headers: () => request.headers.entries(),
    body: (take, halt) =>
      read((chunk) => {
        fronted?.read();
        return take(chunk);
      }, halt),
    clientAddress: address,
    signal: request.signal,
  };
}

/**
 * Pull-based, so a slow reader slows the provider instead of filling memory. `leave`: the reader has gone. `over`: the
 * last byte is sent, or the reader has gone.
 */
function bodyOf(
  reply: Reply,
  { leave, over }: { readonly leave: () => void; readonly over: () => void },
): BodyInit | null {
  if (reply.body instanceof Uint8Array) {
    over();
    return NULL_BODY.has(reply.status) ? null : new Uint8Array(reply.body);
  }
  const chunks = reply.body;
  let iterator: AsyncIterator<Uint8Array> | null = null;
  // Next holds the headers back until the first chunk, so an SSE comment is sent first.
  let opening: Uint8Array | null = new TextEncoder().encode(": open\n\n");
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (opening !== null) {
        controller.enqueue(opening);
        opening = null;
        return;
      }
      iterator ??= chunks[Symbol.asyncIterator]();
      try {
        const next = await iterator.next();
        if (next.done !== true) return controller.enqueue(next.value);
      } catch (error) {
        over();
        throw error;
      }
      over();
      controller.close();
    },
    async cancel() {
      leave();
      await iterator?.return?.().catch(() => undefined);
      over();
    },
  });
}
