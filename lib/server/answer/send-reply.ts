import type { IncomingMessage, ServerResponse } from "node:http";
import type { Exchange, Reply } from "@/lib/gateway/exchange/exchange";
import type { Stopper } from "@/lib/stopper";
import { dropRest } from "../net/reading/portions";
import { Outlet } from "./outlet";

/** A call that our own server serves. */
export type CallExchange = Exchange & {
  readonly signal: Stopper<"gone" | "stalled">;
  readonly request: IncomingMessage;
};

const PIECE_BYTES = 64 * 1024;
/** Node buffers this much on a socket before it signals backpressure. */
const AT_ONCE_BYTES = 16 * 1024;
const DISCARD_MS = 1000;
const DISCARD_BYTES_MAX = 8 * 1024 * 1024;
/** The same for chunked bodies of unknown length. */
const DISCARD_CHUNKED_BYTES_MAX = 1024 * 1024;
const DISCARDING_MAX = 64;

/**
 * Writes a reply. It pulls the next chunk only after the client has taken the last one. `isRestRead`: whether the rest
 * of a body is read off the connection behind an early answer.
 */
export async function sendReply(
  response: ServerResponse,
  reply: Reply,
  exchange: CallExchange,
  isRestRead = true,
): Promise<void> {
  const { request } = exchange;
  // An unread body would have to be read off the connection first, so the connection ends with this answer.
  const isUnread = !request.complete;
  const isSending = isUnread && request.headers.expect === undefined;
  if (isUnread) response.setHeader("connection", "close");
  if (reply.body instanceof Uint8Array && reply.body.byteLength <= AT_ONCE_BYTES && !isUnread) {
    // The socket takes this much at any time: head and body leave in one write, without waiting for room.
    const { status, headers, body } = reply;
    headers["content-length"] = String(body.byteLength);
    response.writeHead(status, headers);
    if (request.method === "HEAD" || response.destroyed) response.end();
    // As text with one byte per character it leaves together with the headers.
    else response.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1"), "latin1");
    return;
  }
  const outlet = new Outlet(response, () => exchange.signal.abort("stalled"));
  if (reply.body instanceof Uint8Array) {
    const { byteLength } = reply.body;
    response.writeHead(reply.status, { ...reply.headers, "content-length": String(byteLength) });
    for (let from = 0; from < byteLength && request.method !== "HEAD" && !response.destroyed; from += PIECE_BYTES)
      await outlet.write(reply.body.subarray(from, from + PIECE_BYTES));
    if (isSending) await rested(request, isRestRead);
    response.end();
    return;
  }
  response.writeHead(reply.status, reply.headers);
  response.flushHeaders();
  for await (const chunk of reply.body) {
    if (response.destroyed) break;
    const room = outlet.write(chunk);
    if (room !== undefined) await room;
  }
  response.end();
}

let discarding = 0;

/**
 * Keeps a connection for a moment after an early answer, and reads on. Closing a socket with unread bytes resets it, and
 * a client that still sends would see the reset instead of the answer. Limited to a number of connections at once.
 * Chunks are not parsed. Without `isRead` nothing is read: most clients see the answer while they wait to send more.
 */
function rested(request: IncomingMessage, isRead: boolean): Promise<void> {
  if (discarding >= DISCARDING_MAX || request.destroyed) return Promise.resolve();
  discarding += 1;
  return new Promise((resolve) => {
    const isChunked = request.headers["transfer-encoding"] !== undefined;
    const most = isChunked ? DISCARD_CHUNKED_BYTES_MAX : DISCARD_BYTES_MAX;
    let bytes = 0;
    const done = () => {
      clearTimeout(enough);
      request.off("end", done).off("close", done).off("data", count);
      discarding -= 1;
      resolve();
    };
    const add = (more: number) => {
      bytes += more;
      if (bytes > most) done();
    };
    const count = (chunk: Uint8Array) => add(chunk.byteLength);
    const enough = setTimeout(done, DISCARD_MS);
    request.on("end", done).on("close", done);
    if (!isRead) return;
    if (isChunked) dropRest(request.socket, add);
    else request.on("data", count).resume();
  });
}
