"use client";

import { CHANGES } from "@/lib/console/answer/changes-header.shared";
import type { AheadAnswer } from "@/lib/console/api/ahead";
import { CLOCK_HEADER } from "@/lib/console/kernel/clock-header.shared";
import { changed } from "@/lib/console/overview/live/change-set.shared";

/** A problem document of the admin API as an Error. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

let askForConfirmation: ((why: string) => Promise<boolean>) | null = null;

/** Registers the dialog that asks for the password again. Returns a function that unregisters it. */
export function onConfirmation(ask: (why: string) => Promise<boolean>): () => void {
  askForConfirmation = ask;
  return () => {
    askForConfirmation = null;
  };
}

/**
 * One call of the admin API. An ended session leads to sign-in. An action that needs the password again waits until it
 * is entered.
 */
export async function api<Answer>(
  path: string,
  options: { method?: "POST" | "PUT" | "PATCH" | "DELETE"; body?: unknown } = {},
): Promise<Answer> {
  const { method = "GET", body } = options;
  const { response, answer } = method === "GET" ? await read(path) : await send(path, method, body);
  if (response.status === 401) window.location.assign(`/sign-in?next=${encodeURIComponent(window.location.pathname)}`);
  if (answer.title === "confirmation_required" && (await askForConfirmation?.(String(answer.detail)))) {
    return api(path, options);
  }
  if (!response.ok && response.status !== 304)
    throw new ApiProblem(response.status, String(answer.title), String(answer.detail));
  return answer;
}

/** Sends a request. A browser's own words for a server that does not answer say nothing to an operator. */
function reach(path: string, init: RequestInit): Promise<Response> {
  return fetch(`/api/admin/${path}`, init).catch(() => {
    throw new ApiProblem(0, "unreachable", "The server did not answer. Check the connection, and try again.");
  });
}

/** The body. Something between the browser and the server may answer with a page of its own. */
async function readJson(response: Response) {
  const { status } = response;
  return response.json().catch(() => {
    const words = `The answer is not the server's own (status ${status}). A proxy may have sent it. Try again.`;
    throw new ApiProblem(status, "foreign_answer", words);
  });
}

async function send(path: string, method: string, body: unknown) {
  // They are from before the change.
  AHEAD.clear();
  const sent =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await reach(path, { method, ...sent });
  return { response, answer: await readJson(response) };
}

/** A read that brings only what has changed since the last one of its path; or that came with the page. */
async function read(path: string) {
  const ahead = AHEAD.get(path);
  AHEAD.delete(path);
  const came = ahead === undefined || performance.now() > ahead.until ? null : await arrivedIn(ahead.answer);
  if (came !== null) {
    keepAs(path, came);
    return { response: new Response(), answer: JSON.parse(came.text) };
  }
  const known = LAST.get(path);
  const headers: Record<string, string> = { "a-im": CHANGES };
  if (known !== undefined) headers["if-none-match"] = known.tag;
  const response = await reach(path, { headers });
  if (known !== undefined && response.status === 304) return { response, answer: JSON.parse(asOf(known, response)) };
  const sent = await readJson(response);
  const isChanges = known !== undefined && response.status === 226;
  const answer = isChanges ? changed(JSON.parse(asOf(known, response)), sent) : sent;
  keep(path, response, answer);
  return { response, answer };
}

/** Answers that come with a page, until its parts ask for them. */
const AHEAD = new Map<string, { readonly answer: AheadAnswer["answer"]; readonly until: number }>();
const AHEAD_MS = 10_000;
const arrived = new WeakSet<AheadAnswer["answer"]>();

/** Answers that come with a page. A page that the browser shows again brings old ones, which are left out. */
export function expectAhead(answers: readonly AheadAnswer[]): void {
  for (const { path, answer } of answers) {
    if (arrived.has(answer)) continue;
    arrived.add(answer);
    AHEAD.set(path, { answer, until: performance.now() + AHEAD_MS });
  }
}

/** Null when the page broke off. React's promises of a page have no `catch`. */
async function arrivedIn(answer: AheadAnswer["answer"]) {
  try {
    return await answer;
  } catch {
    return null;
  }
}

/** The newest answer of each path, because most of what a page asks for again has not changed. */
const LAST = new Map<string, Kept>();
const KEPT_MAX = 40;

/** `clock`: the moment of its figures, as the text has it; null = it has none. */
type Kept = { readonly tag: string; readonly text: string; readonly clock: string | null };

/** The kept text, whose figures are still the same at a later moment. */
function asOf({ text, clock }: Kept, { headers }: Response): string {
  return clock === null ? text : text.replaceAll(clock, headers.get(CLOCK_HEADER) ?? clock);
}

function keep(path: string, response: Response, answer: unknown): void {
  const tag = response.headers.get("etag");
  LAST.delete(path);
  if (tag === null || !response.ok) return;
  keepAs(path, { tag, text: JSON.stringify(answer), clock: response.headers.get(CLOCK_HEADER) });
}

function keepAs(path: string, kept: Kept): void {
  LAST.set(path, kept);
  const [oldest] = LAST.keys();
  if (LAST.size > KEPT_MAX && oldest !== undefined) LAST.delete(oldest);
}
