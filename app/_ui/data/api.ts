"use client";

import { CLOCK_HEADER } from "@/lib/console/kernel/clock-header.shared";

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
  const sent =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const known = method === "GET" ? LAST.get(path) : undefined;
  const unlessSame = known === undefined ? {} : { headers: { "if-none-match": known.tag } };
  const response = await fetch(`/api/admin/${path}`, { method, ...sent, ...unlessSame });
  if (response.status === 304 && known !== undefined) return new Response(asOf(known, response)).json();
  if (response.status === 401) window.location.assign(`/sign-in?next=${encodeURIComponent(window.location.pathname)}`);
  if (method === "GET") keep(path, response, await response.clone().text());
  const answer = await response.json();
  if (answer.title === "confirmation_required" && (await askForConfirmation?.(String(answer.detail)))) {
    return api(path, options);
  }
  if (!response.ok) throw new ApiProblem(response.status, String(answer.title), String(answer.detail));
  return answer;
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

function keep(path: string, response: Response, text: string): void {
  const tag = response.headers.get("etag");
  LAST.delete(path);
  if (tag === null || !response.ok) return;
  LAST.set(path, { tag, text, clock: response.headers.get(CLOCK_HEADER) });
  const [oldest] = LAST.keys();
  if (LAST.size > KEPT_MAX && oldest !== undefined) LAST.delete(oldest);
}
