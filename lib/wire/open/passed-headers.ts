import { type Endpoint, isAnthropics } from "../call";

/** Header names with which vendors' clients speak to their own API. */
const VENDORS = /^(?:anthropic|openai|x-codex|x-claude|x-openai|x-grok)-/;
const SINGLE: ReadonlySet<string> = new Set([
  ...["session_id", "conversation_id", "originator", "x-session-affinity", "http-referer", "x-title"],
]);
/** These belong to our credential. */
const OURS: ReadonlySet<string> = new Set(["openai-organization", "openai-project", "anthropic-organization-id"]);
const VALUE_CHARS_MAX = 4096;
const HEADERS_MAX = 32;
const PLAIN = /^[\t\x20-\x7e]*$/;
const QUERY = /^[\w.~%&=+:,@/?!$'()*;|[\]-]{1,2048}$/;

/** A caller's headers for a provider of its own dialect. */
export function passedHeaders(headers: Iterable<readonly [name: string, value: string]>): Record<string, string> {
  const passed: Record<string, string> = {};
  let count = 0;
  for (const [name, value] of headers) {
    if (!(VENDORS.test(name) || SINGLE.has(name)) || OURS.has(name)) continue;
    if (value.length > VALUE_CHARS_MAX || !PLAIN.test(value)) continue;
    passed[name] = value;
    count += 1;
    if (count === HEADERS_MAX) break;
  }
  return passed;
}

/** A caller's query for a provider of its own dialect; empty when it must not be passed. */
export function passedQuery(query: string): string {
  return QUERY.test(query) ? `?${query}` : "";
}

/** Whether an endpoint belongs to a provider's own dialect: then the provider may know what we do not. */
export function isSameDialect(endpoint: Endpoint, dialect: "openai" | "anthropic"): boolean {
  return isAnthropics(endpoint) === (dialect === "anthropic");
}
