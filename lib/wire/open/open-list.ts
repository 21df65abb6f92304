import { PublicError } from "@/lib/errors";
import type { Endpoint } from "../call";

/**
 * Members that say where a call goes, with whose credential and by which model, in front of a provider that is itself a
 * gateway; and such as make more output than the cap that was admitted. All others pass where both sides speak one dialect.
 */
const CLOSED: ReadonlySet<string> = new Set([
  ...["api_base", "base_url", "api_key", "api_version", "organization", "extra_headers", "headers", "extra_body"],
  ...["custom_llm_provider", "deployment_id", "fallbacks", "models", "mock_response"],
  ...["best_of", "use_beam_search", "max_new_tokens", "num_predict", "max_tokens_to_sample"],
]);
/** The cap's name at other endpoints: a server that reads both would take the wrong one. */
const OTHER_CAPS: Readonly<Partial<Record<Endpoint, readonly string[]>>> = {
  chat: ["max_output_tokens"],
  responses: ["max_tokens", "max_completion_tokens"],
  messages: ["max_completion_tokens", "max_output_tokens"],
};

/** Refuses what may not pass in any dialect. Throws PublicError with the field's name. */
export function refuseClosed(endpoint: Endpoint, body: Readonly<Record<string, unknown>>): void {
  const closed = Object.keys(body).find((name) => CLOSED.has(name) || OTHER_CAPS[endpoint]?.includes(name));
  if (closed !== undefined) {
    throw new PublicError("unknown_field", `The field ${JSON.stringify(closed)} is not served here.`, {
      param: closed,
    });
  }
}

/** The first member that is not on the list of its endpoint, for providers that are sent nothing unknown. */
export function unknownField(
  body: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string> | undefined,
): string | null {
  return known === undefined ? null : (Object.keys(body).find((name) => !known.has(name)) ?? null);
}
