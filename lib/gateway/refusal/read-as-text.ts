import type { ErrorAnswer } from "@/lib/wire/error-answer";

/**
 * opencode 1.18 repeats an answer of any status if its text holds one of these anywhere, for as long as `retry-after`
 * says, and shows nothing meanwhile. A request id or an amount holds such digits by chance.
 */
const READS_TEXT = /^opencode\//;
const REPEATED = [
  "429|500|502|503|504|524|rate[ _-]limit|rate increased too quickly|too many requests|overloaded|service[ _-]unavailable",
  "internal[ _]error|server[ _-]error|provider[ _-]returned[ _-]error|network[-_\\s]error|upstream connect|connection (?:error|refused|lost)",
  "terminated|fetch failed|failed to fetch|socket connection was closed|socket hang up|reset before headers",
  "getaddrinfo|enotfound|eai_again|econnrefused|econnreset|etimedout",
  "(?:request|response|connection|network|stream|read) (?:timeout|timed out|time out)",
  "(?:try|retry) your request|resource[ _]exhausted|try again (?:later|in)|(?:currently|temporarily) at capacity",
];
/** The first character of each. Ahead, because they may overlap. */
const FIRST_OF_REPEATED = new RegExp(`(?=${REPEATED.join("|")}).`, "gi");
/** It is invisible, and people still read the word. */
const WORD_JOINER = "\u2060";

/**
 * The same answer for a client that takes words for a status. What a provider said stays as it is, so the client does as
 * it does directly; of our own numbers those are left out that it would misread.
 */
export function forReader(answer: ErrorAnswer, userAgent: string | undefined): ErrorAnswer {
  if (userAgent === undefined || !READS_TEXT.test(userAgent)) return answer;
  const { message, requestId, passed, fields = {} } = answer;
  const isPassed = passed !== null && passed !== undefined;
  const kept = Object.entries(fields).filter(([name, value]) => !isRepeated(`${name} ${JSON.stringify(value)}`));
  return {
    ...answer,
    message: isPassed ? message : unread(message),
    requestId: unread(requestId),
    fields: Object.fromEntries(kept),
  };
}

const isRepeated = (text: string) => text.search(FIRST_OF_REPEATED) !== -1;
const unread = (text: string) => text.replaceAll(FIRST_OF_REPEATED, `$&${WORD_JOINER}`);
