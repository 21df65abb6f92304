import { keptAnswers } from "../answer/kept-answers";
import { type SentAnswer, sentAnswer } from "../answer/sent-answer";
import { can } from "../kernel/can.shared";
import { type Actor, currentConsole } from "../kernel/context";
import { refuseNul } from "../kernel/no-nul";
import { findRoutes } from "./find-route";
import type { Route } from "./route";

/** What a page will read first, and its answer; null = the page must ask. */
export type AheadAnswer = { readonly path: string; readonly answer: Promise<SentAnswer | null> };

/**
 * The answers that a page reads first, for its own first answer: they are worked out while the browser loads the page's
 * scripts. Each path is one of the admin API with its query, and needs the same right as there. Never rejects: what fails
 * here fails again when the page asks, and says so there.
 */
export function answersAhead(actor: Actor | null, table: readonly Route[], paths: readonly string[]): AheadAnswer[] {
  return paths.map((path) => ({ path, answer: answerAhead(actor, table, path).catch(() => null) }));
}

async function answerAhead(actor: Actor | null, table: readonly Route[], path: string): Promise<SentAnswer | null> {
  const context = currentConsole();
  if (context === null || actor === null) return null;
  const { pathname, searchParams } = new URL(`/${path}`, context.publicUrl);
  const { routes, params } = findRoutes(table, pathname);
  const route = routes.find(({ method }) => method === "get");
  if (route === undefined || !can(actor.role, route.right)) return null;
  const input = Object.fromEntries(searchParams);
  refuseNul([params, input]);
  const { signal } = new AbortController();
  const answer = await route.answer({ context, actor, params, input, headers: new Headers(), signal });
  if (!("body" in answer)) return null;
  const sent = sentAnswer(answer);
  keptAnswers().keep(sent);
  return sent;
}
