import type { IncomingMessage, ServerResponse } from "node:http";
import { adminDoor } from "@/lib/console/api/door";
import { BRAKES_ROUTES } from "@/lib/console/brakes/routes";
import { ADDRESS_HEADER } from "@/lib/console/kernel/address-header";
import { currentConsole } from "@/lib/console/kernel/context";
import { operatorTokenOf } from "@/lib/console/kernel/same-text";

/** A brake is a few names and a reason. */
const BODY_BYTES_MAX = 16 * 1024;

/** What is served of the admin API where there is no console: to set, list and lift brakes. */
const ROUTES = BRAKES_ROUTES.filter(({ path }) => path === "/brakes" || path === "/brakes/{id}");

/** Answers a request for brakes; false = it is none of the operator token's, and nothing was answered. */
export type BrakeDoor = (request: IncomingMessage, response: ServerResponse, address: string) => Promise<boolean>;

/**
 * Brakes at a process that serves calls alone, for when the console is gone. Only the operator token opens it: no session
 * does, and to everybody else there is nothing here. Same verbs, audit rows and versions as at the console.
 */
export const brakeDoor: BrakeDoor = async (request, response, address) => {
  const token = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const context = currentConsole();
  if (token === undefined || context === null || operatorTokenOf(token, context) === null) return false;
  const body = await collected(request);
  if (body === null) {
    response.writeHead(413, { connection: "close" }).end();
    return true;
  }
  const { method = "GET", url = "" } = request;
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": request.headers["content-type"] ?? "",
    [ADDRESS_HEADER]: address,
  };
  const sent = method === "GET" || method === "HEAD" || body.byteLength === 0 ? {} : { body: new Uint8Array(body) };
  const answer = await adminDoor(new Request(new URL(url, "http://localhost"), { method, headers, ...sent }), ROUTES);
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  return true;
};

/** Null: it is too large. */
async function collected(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.byteLength;
    if (size > BODY_BYTES_MAX) return null;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
