"use client";

import { CHANGES } from "@/lib/console/answer/changes-header.shared";
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

async function send(path: string, method: string, body: unknown) {
  const sent =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(`/api/admin/${path}`, { method, ...sent });
  return { response, answer: await response.json() };
}

/** A read that brings only what has changed since the last one of its path. */
async function read(path: string) {
  const known = LAST.get(path);
  const headers: Record<string, string> = { "a-im": CHANGES };
  if (known !== undefined) headers["if-none-match"] = known.tag;
  const response = await fetch(`/api/admin/${path}`, { headers });
  if (known !== undefined && response.status === 304) return { response, answer: JSON.parse(asOf(known, response)) };
  const sent = await response.json();
  const isChanges = known !== undefined && response.status === 226;
  const answer = isChanges ? changed(JSON.parse(asOf(known, response)), sent) : sent;
  keep(path, response, answer);
  return { response, answer };
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
  LAST.set(path, { tag, text: JSON.stringify(answer), clock: response.headers.get(CLOCK_HEADER) });
  const [oldest] = LAST.keys();
  if (LAST.size > KEPT_MAX && oldest !== undefined) LAST.delete(oldest);
}
