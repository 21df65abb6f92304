/** The option under its own names, as a server that does not know it would say it. */
const NAMED = /stream_options|include_usage|continuous_usage_stats/;

/**
 * The option as part of a request that is repeated in an error: with its value behind it, in JSON, in escaped JSON, or as Python
 * writes dictionaries and objects. From the first of several quotation marks alone: else a text of thousands is read from each.
 */
const REPEATED =
  /(?<![\\"'])[\\"']*(?:stream_options|include_usage|continuous_usage_stats)[\\"']*\s*[:=]\s*(?:\w*[({][^(){}]*[)}]|None|null|[Tt]rue|[Ff]alse)/g;

/** Whether a 400 says that this server will not be asked for usage on streams. One that only repeats the request does not. */
export function refusesUsage(text: string): boolean {
  return NAMED.test(text.replace(REPEATED, ""));
}
