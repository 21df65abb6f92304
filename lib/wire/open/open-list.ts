import { PublicError } from "@/lib/errors";
import type { Endpoint } from "../call";

/**
 * Members that a provider which is itself a gateway would read as a call's target, credential or model, and members
 * that make more output than the admitted cap. All others pass where both sides speak one dialect.
 */
const TARGETS: readonly string[] = [
  ...["api_base", "base_url", "api_key", "api_version", "organization", "extra_headers", "headers", "extra_body"],
  ...["custom_llm_provider", "deployment_id", "fallbacks", "models", "mock_response", "provider", "preset"],
  ...["model_list", "user_config", "default_fallbacks", "context_window_fallbacks", "content_policy_fallbacks"],
  ...["region_name", "num_retries"],
];
/** The answer and its usage would come later, at another place (xAI, DeepInfra, Replicate). */
const ELSEWHERE: readonly string[] = ["deferred", "webhook", "webhook_url", "webhook_events_filter", "callback_url"];
const CAPS: readonly string[] = ["best_of", "use_beam_search", "max_new_tokens", "num_predict", "max_tokens_to_sample"];
const CLOSED: ReadonlySet<string> = new Set([...TARGETS, ...ELSEWHERE, ...CAPS]);
/** Accounts, hosts and credentials of clouds, as LiteLLM reads them from a body. */
const OF_CLOUDS = /^(?:aws|azure|vertex|vertex_ai|sagemaker|watsonx|litellm)_/;
/** The cap's names at other endpoints: a server that reads both would take the wrong one. */
const OTHER_CAPS: Readonly<Partial<Record<Endpoint, readonly string[]>>> = {
  chat: ["max_output_tokens"],
  responses: ["max_tokens", "max_completion_tokens"],
  messages: ["max_completion_tokens", "max_output_tokens"],
};

/** Members that limits and money depend on. */
const DECISIVE: readonly string[] = [
  ...["model", "n", "max_tokens", "max_completion_tokens", "max_output_tokens", "stream", "stream_options"],
  ...["service_tier", "speed", "inference_geo", "tools", "max_tool_calls", "modalities", "user", "metadata"],
  ...["background", "store"],
  ...["messages", "input", "prompt", "system", "instructions", "previous_response_id", "conversation", "thread"],
  ...["web_search_options", "search_parameters", "input_file_id", "requests"],
];
const EXACT: ReadonlySet<string> = new Set([...DECISIVE, ...CLOSED]);
const FOLDED: ReadonlySet<string> = new Set([...EXACT].map(folded));

/**
 * Whether a name is another spelling of one that is read here. A server in Go reads members without regard to case, and one
 * made from protocol buffers takes `maxTokens` for `max_tokens`. There the last one wins, and it was never checked here.
 */
function isMisspelt(name: string): boolean {
  return !EXACT.has(name) && FOLDED.has(folded(name));
}

/** To upper case first: that also folds the long s and the Kelvin sign. */
function folded(name: string): string {
  return name
    .toUpperCase()
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");
}

/** Cached, because calls use the same few names, and to fold one takes half a microsecond. */
function isClosedAnywhere(name: string): boolean {
  const known = JUDGED.get(name);
  if (known !== undefined) return known;
  const isClosed = CLOSED.has(name) || OF_CLOUDS.test(name) || isMisspelt(name);
  if (JUDGED.size >= JUDGED_MAX) JUDGED.clear();
  if (name.length <= JUDGED_CHARS_MAX) JUDGED.set(name, isClosed);
  return isClosed;
}

const JUDGED = new Map<string, boolean>();
const JUDGED_MAX = 1000;
const JUDGED_CHARS_MAX = 64;

/** Refuses members that may not pass in any dialect. Throws PublicError with the field's name. */
export function refuseClosed(endpoint: Endpoint, body: Readonly<Record<string, unknown>>): void {
  const isClosed = (name: string) => isClosedAnywhere(name) || OTHER_CAPS[endpoint]?.includes(name);
  const closed = Object.keys(body).find(isClosed);
  if (closed !== undefined) {
    const message = `The field ${JSON.stringify(closed)} is not served here: ${whyClosed(closed)}`;
    throw new PublicError("unknown_field", message, { param: closed });
  }
}

/** What a caller of another gateway can do instead. */
function whyClosed(name: string): string {
  if (TARGETS.includes(name) || OF_CLOUDS.test(name))
    return "it would choose a model, host or account. Leave it out; the operator sets these for each model.";
  if (ELSEWHERE.includes(name)) return "it would bring the answer to another place. Leave it out.";
  const meant = [...EXACT].find((one) => one !== name && folded(one) === folded(name));
  if (meant !== undefined) return `it is another spelling of ${JSON.stringify(meant)}.`;
  return "it would allow more output than the cap. Leave it out, and use this endpoint's own cap.";
}

/** The first member that is not on its endpoint's list, for providers that get nothing unknown. */
export function unknownField(
  body: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string> | undefined,
): string | null {
  return known === undefined ? null : (Object.keys(body).find((name) => !known.has(name)) ?? null);
}
