import { systemClock } from "@/lib/clock";
import { newRequestId } from "@/lib/request-id";
import { fromWeb } from "../bounds/body-source";
import { currentGateway } from "../current-gateway";
import { handle } from "../routes/handle";
import type { Exchange, Reply } from "./exchange";

/** Header in which our server tells Next's handlers the client's address: `<door secret> <address>`. */
export const CLIENT_HEADER = "x-spillway-client";

/**
 * The second door: a Next route handler's Request in, a Response out. It serves what has come through the first one's
 * rules, which stand before Next's own server too, and nothing else.
 */
export async function nextDoor(request: Request): Promise<Response> {
  const current = currentGateway();
  // A request that did not come through our door was judged by nobody: as under a host that has no server for it to stand in.
  if (current === null || !hasPassed(request, current.doorSecret)) {
    const error = { message: "The server is starting.", type: "server_error", param: null, code: "starting" };
    return Response.json({ error }, { status: 503, headers: { "retry-after": "1" } });
  }
  const exchange = exchangeOf(request);
  const reply = await handle(current.gateway, exchange);
  const over = () => current.gateway.bounds.leave(exchange);
  // Next may never pull from, nor cancel, what nobody takes.
  request.signal.addEventListener("abort", over, { once: true });
  if (request.signal.aborted) over();
  const body = NULL_BODY.has(reply.status) ? null : bodyOf(reply, over);
  return new Response(body, { status: reply.status, headers: reply.headers });
}

/** Statuses with which a Response takes no body at all, not even an empty one (Fetch standard, 2.2.3). */
const NULL_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

function hasPassed(request: Request, doorSecret: string): boolean {
  return (request.headers.get(CLIENT_HEADER) ?? "").startsWith(`${doorSecret} `);
}

function exchangeOf(request: Request): Exchange {
  const url = new URL(request.url);
  const [, address = "0.0.0.0"] = (request.headers.get(CLIENT_HEADER) ?? "").split(" ");
  return {
    requestId: newRequestId(systemClock.now()),
    method: request.method,
    path: url.pathname,
    query: url.search.slice(1),
    header: (name) => request.headers.get(name) ?? undefined,
    headers: () => request.headers.entries(),
    body: fromWeb(request.body),
    clientAddress: address,
    signal: request.signal,
  };
}

/** Pull-based, so that a slow reader slows the provider instead of filling our memory. `over`: its last byte is on its way. */
function bodyOf(reply: Reply, over: () => void): BodyInit | null {
  if (reply.body instanceof Uint8Array) {
    over();
    return NULL_BODY.has(reply.status) ? null : new Uint8Array(reply.body);
  }
  const chunks = reply.body;
  let iterator: AsyncIterator<Uint8Array> | null = null;
  // Next holds the headers back until the first chunk: a comment sends them off.
  let opening: Uint8Array | null = new TextEncoder().encode(": open\n\n");
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (opening !== null) {
        controller.enqueue(opening);
        opening = null;
        return;
      }
      iterator ??= chunks[Symbol.asyncIterator]();
      const next = await iterator.next();
      if (next.done !== true) return controller.enqueue(next.value);
      over();
      controller.close();
    },
    async cancel() {
      over();
      await iterator?.return?.();
    },
  });
}
