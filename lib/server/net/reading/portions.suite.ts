import http from "node:http";
import net from "node:net";
import { onTestFinished } from "vitest";
import { Portions } from "./portions";

export type Serve = (request: http.IncomingMessage, response: http.ServerResponse) => void;

const HEAD = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
export const CRUMBS = 30_000;
/** two thousand and one portion, at the end of one turn and the beginning of the next */
export const TURN_CHUNKS_MAX = 6000;
export const crumbs = (count: number) => `${HEAD}${"1\r\na\r\n".repeat(count)}0\r\n\r\n`;

export async function listening(serve: Serve, portions = new Portions()): Promise<number> {
  const server = http.createServer(serve);
  server.on("connection", (socket) => portions.take(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}

/** The answer on a connection that sends this much at once; `isEnough`: it is ended then. */
export function answered(port: number, sent: string, isEnough: (text: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = net.connect(port, "127.0.0.1", () => socket.write(sent));
    socket.on("error", () => undefined).on("close", () => resolve(text));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (isEnough(text)) socket.destroy();
    });
  });
}
