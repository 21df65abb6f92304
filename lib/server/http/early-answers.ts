import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Door } from "../door";
import type { EarlyRefusal } from "../net/guard";

/** Refuses a request before its body is read. The connection ends with the answer. */
export function refuseEarly(response: ServerResponse, refused: EarlyRefusal): void {
  const { code, message, status, headers } = refused;
  const body = JSON.stringify({ error: { message, type: "invalid_request_error", param: null, code } });
  const always = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    connection: "close",
  };
  response.writeHead(status, { ...always, ...headers, "content-length": String(Buffer.byteLength(body)) }).end(body);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" })
    .end(`${text}\n`);
}

/** The metrics of this process, for a reader with the token. Digests are compared, so neither length nor prefix leaks. */
export async function sendMetrics(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const sent = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const digest = (text: string) => createHash("sha256").update(text).digest();
  if (sent === "" || !timingSafeEqual(digest(sent), digest(door.metricsToken))) {
    const message = "Send METRICS_TOKEN (or the operator token) as a bearer token.";
    return refuseEarly(response, { status: 401, code: "unauthenticated", message });
  }
  const { type, body } = await door.metrics();
  response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(body);
}

/** Node removes its listeners from such a socket. Without a listener, a client's reset would end the process. */
export function refuseTunnel(socket: Duplex, status: string, allow: readonly string[] = []): void {
  socket.on("error", () => socket.destroy());
  const lines = [`HTTP/1.1 ${status}`, "Connection: close", "Content-Length: 0"];
  if (allow.length > 0) lines.push(`Allow: ${allow.join(", ")}`);
  socket.end(`${lines.join("\r\n")}\r\n\r\n`);
}
