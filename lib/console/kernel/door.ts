import type { z } from "zod";
import { pingDatabase } from "@/db/queries/fleet/ping";
import { asPublicError, PublicError } from "@/lib/errors";
import { within } from "@/lib/within";
import { BREAK_GLASS_EMAIL, BREAK_GLASS_MS, SESSION_MAX_MS } from "../access/auth";
import { recordRefused } from "../access/record-access";
import { CHANGES } from "../answer/changes-header.shared";
import { keptAnswers } from "../answer/kept-answers";
import { sentAnswer } from "../answer/sent-answer";
import { ADDRESS_HEADER } from "./address-header";
import { type Action, asRole, can } from "./can.shared";
import { CLOCK_HEADER } from "./clock-header.shared";
import { type Actor, type ConsoleContext, currentConsole } from "./context";
import { refuseNul } from "./no-nul";
import { problem } from "./problem";
import { readJsonBody } from "./read-body";
import { operatorTokenOf } from "./same-text";

/** One checked operator request: actor, path, and input parsed by the route's schema. */
export type AdminRequest<Input extends z.ZodType = z.ZodType> = {
  readonly context: ConsoleContext;
  readonly actor: Actor;
  readonly params: Readonly<Record<string, string>>;
  /** the query of a GET, the JSON body of anything else */
  readonly input: z.infer<Input>;
};

/** An operator request with its connection, for a verb with a streamed answer. */
export type ArrivedRequest<Input extends z.ZodType = z.ZodType> = AdminRequest<Input> & {
  readonly headers: Headers;
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal;
};

/** What a verb returns: a body that is sent as JSON, a file that the browser saves, or server-sent events. */
export type AdminAnswer<Body = unknown> =
  | {
      readonly body: Body;
      readonly status?: number;
      readonly cookies?: readonly string[];
      /** The moment of the figures, as the body has it: a body in which only this moment is another is the same. */
      readonly clock?: string;
    }
  | { readonly file: AdminFile }
  | { readonly events: ReadableStream<Uint8Array> };

export type AdminFile = { readonly name: string; readonly type: string; readonly text: string };

type Served = {
  readonly right: Action;
  /** Parses the input, which is unread until then, and runs the verb. */
  readonly answer: (request: ArrivedRequest) => Promise<AdminAnswer>;
};

/**
 * Answers one request with one verb. Order: authenticate, check the right, check the origin of a change, parse the
 * body, run the verb. Errors are RFC 9457 problem documents.
 */
export async function answerWith(
  { right, answer: answerTo }: Served,
  request: Request,
  params: Readonly<Record<string, string>>,
): Promise<Response> {
  const context = currentConsole();
  if (context === null) return problem(new PublicError("starting", "The server is starting."));
  let actor: Actor | null = null;
  try {
    actor = await actorOf(context, request);
    refuseForeignPages(context, actor, request);
    if (!can(actor.role, right))
      throw new PublicError("forbidden", `The role ${actor.role} does not have the right ${right}.`);
    const query = Object.fromEntries(new URL(request.url).searchParams);
    refuseNul([params, query]);
    const input =
      request.method === "GET" || request.method === "HEAD"
        ? query
        : await readJsonBody(request, new URL(request.url).pathname);
    const { headers, signal } = request;
    const answer = await answerTo({ context, actor, params, input, headers, signal });
    if ("file" in answer) return download(answer.file);
    if ("events" in answer) return eventStream(answer.events);
    return jsonAnswer(request, answer);
  } catch (thrown) {
    const known = asPublicError(thrown);
    if (known === null)
      context.log.error({ err: thrown, path: new URL(request.url).pathname }, "operator request failed");
    else await recordDenied(context, { actor, request, error: known });
    return problem(known ?? (await faultOf(context, request)));
  }
}

const PING_MS = 1000;

/** Says that the database is away, and what still works: an operator cannot act on "internal error". */
async function faultOf({ db }: ConsoleContext, request: Request): Promise<PublicError> {
  const isThere = await within(PING_MS, pingDatabase(db)).then(
    () => true,
    () => false,
  );
  if (isThere) return new PublicError("internal", "An internal error occurred. It has been logged.");
  const isBrake = new URL(request.url).pathname.startsWith(BRAKES_PATH);
  const brakes = isBrake ? " Brakes can be set with the operator token, as the runbook shows." : "";
  const message = `The database cannot be reached. Calls are still served under the last known limits.${brakes}`;
  return new PublicError("database_unavailable", message, { retryAfterSeconds: 2 });
}

/** The signed-in operator behind a set of headers, or null. */
export async function sessionActor(context: ConsoleContext, headers: Headers): Promise<Actor | null> {
  const session = await context.auth.api.getSession({ headers });
  const role = asRole(session?.user.role);
  // An impersonated session is not accepted, because its actions would be audited under the wrong name.
  if (session === null || role === null || session.session.impersonatedBy) return null;
  if (context.clock.now() - session.session.createdAt.getTime() >= SESSION_MAX_MS) return null;
  const { email, id: userId, createdAt } = session.user;
  if (email === BREAK_GLASS_EMAIL && context.clock.now() - createdAt.getTime() > BREAK_GLASS_MS) return null;
  // Fails closed: a value that the library did not read is no tenant, not all of them.
  const tenants = session.user.tenants === undefined ? [] : session.user.tenants;
  const confirmedAtMs = (session.session.confirmedAt ?? session.session.createdAt).getTime();
  const address = headers.get(ADDRESS_HEADER) ?? "";
  return { name: email, role, tenants, address, session: { id: session.session.id, userId, confirmedAtMs } };
}

/** Session or operator token. */
async function actorOf(context: ConsoleContext, request: Request): Promise<Actor> {
  const token = /^bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (token !== undefined) {
    const known = operatorTokenOf(token, context);
    if (known === null) throw new PublicError("unauthenticated", "The operator token is not valid.");
    const address = request.headers.get(ADDRESS_HEADER) ?? "";
    // Audits the use of an earlier token, so operators see who still uses it.
    const name = known === "current" ? "operator-token" : "earlier-operator-token";
    return { name, role: "admin", tenants: null, address, session: null };
  }
  const actor = await sessionActor(context, request.headers);
  if (actor === null) throw new PublicError("unauthenticated", "Sign in, or send the operator token.");
  return actor;
}

/** A session may change things only from our own origin's pages. */
function refuseForeignPages({ publicUrl }: ConsoleContext, { session }: Actor, { method, headers }: Request): void {
  if (session === null || method === "GET" || method === "HEAD" || headers.get("origin") === publicUrl) return;
  throw new PublicError("forbidden", `Changes are accepted only from pages of ${publicUrl} (PUBLIC_URL).`);
}

/** Audits a missing right, a wrong password and an invalid token. */
async function recordDenied(
  context: ConsoleContext,
  { actor, request, error }: { actor: Actor | null; request: Request; error: PublicError },
): Promise<void> {
  const { pathname } = new URL(request.url);
  const { code, message } = error;
  const isConfirming = pathname === CONFIRM_PATH && (code === "forbidden" || code === "too_many_attempts");
  const isToken = actor === null && code === "unauthenticated" && request.headers.has("authorization");
  if (!isConfirming && !isToken && code !== "forbidden") return;
  const action = isConfirming ? "access.confirm-failed" : isToken ? "access.token-failed" : "access.denied";
  const address = request.headers.get(ADDRESS_HEADER) ?? "";
  await recordRefused(context, { action, actor, address, target: `${request.method} ${pathname}`, reason: message });
}

const CONFIRM_PATH = "/api/admin/confirm";
const BRAKES_PATH = "/api/admin/brakes";

/**
 * A page that asks again and again gets a short 304 while its answer is still the same, with the moment of the figures;
 * and only the changes, if it takes them.
 */
function jsonAnswer(
  { method, headers: asked }: Request,
  answer: Extract<AdminAnswer, { readonly body: unknown }>,
): Response {
  const headers = new Headers({ "content-type": "application/json", "cache-control": "no-store" });
  for (const cookie of answer.cookies ?? []) headers.append("set-cookie", cookie);
  const { status = 200 } = answer;
  if (method !== "GET" || status !== 200) return new Response(JSON.stringify(answer.body), { status, headers });
  const sent = sentAnswer(answer);
  headers.set("etag", sent.tag);
  if (sent.clock !== null) headers.set(CLOCK_HEADER, sent.clock);
  const known = asked.get("if-none-match");
  if (known === sent.tag) {
    headers.delete("content-type");
    return new Response(null, { status: 304, headers });
  }
  if (asked.get("a-im") !== CHANGES) return new Response(sent.text, { headers });
  const changes = known === null ? null : keptAnswers().changesSince(known, sent);
  keptAnswers().keep(sent);
  if (changes === null) return new Response(sent.text, { headers });
  headers.set("im", CHANGES);
  return new Response(changes, { status: 226, headers });
}

function download({ name, type, text }: AdminFile): Response {
  const headers = { "content-type": type, "content-disposition": `attachment; filename="${name}"` };
  return new Response(text, { headers: { ...headers, "cache-control": "no-store" } });
}

function eventStream(events: ReadableStream<Uint8Array>): Response {
  const headers = { "content-type": "text/event-stream", "x-accel-buffering": "no" };
  return new Response(events, { headers: { ...headers, "cache-control": "no-store, no-transform" } });
}
