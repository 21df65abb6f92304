import type { Call } from "../call";
import { isObject } from "../json/object";

/**
 * The body that goes to an OpenAI-compatible provider: the caller's, with the provider's model name, an explicit output
 * cap (so that the reservation is a true bound) and usage asked for on streams (so that it can be metered).
 */
export function upstreamChat(input: {
  call: Call;
  upstreamModel: string;
  maxOutputTokens: number;
  /** OpenAI's own models refuse `max_tokens`; other servers know no other name. */
  capField: "max_tokens" | "max_completion_tokens";
  continuousUsage: boolean;
  /** false: this provider refuses the usage option */
  asksUsage?: boolean;
}): Record<string, unknown> {
  const { call } = input;
  // Member by member: each member added behind a copy costs every call a microsecond or two.
  const body: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(call.body)) if (!OURS.has(name)) body[name] = value;
  body.model = input.upstreamModel;
  body[input.capField] = input.maxOutputTokens;
  if (!call.stream || input.asksUsage === false) return body;
  const { stream_options: options } = call.body;
  const asked = isObject(options) ? options : {};
  const needed = { include_usage: true, ...(input.continuousUsage ? { continuous_usage_stats: true } : {}) };
  const isAsked = Object.entries(needed).every(([name, value]) => asked[name] === value);
  body.stream_options = isAsked ? asked : { ...asked, ...needed };
  return body;
}

/** Members that are sent with our own values, or not at all. */
const OURS: ReadonlySet<string> = new Set(["max_tokens", "max_completion_tokens", "stream_options"]);
