/** The option's own names, with which a server that does not know it would refuse it. */
const NAMED = /stream_options|include_usage|continuous_usage_stats/;

/**
 * The option in a request that an error repeats: with its value, in JSON, in escaped JSON, or as Python writes dictionaries
 * and objects. Matches from the first of several quotation marks only: otherwise a text of thousands is read from each.
 */
const REPEATED =
  /(?<![\\"'])[\\"']*(?:stream_options|include_usage|continuous_usage_stats)[\\"']*\s*[:=]\s*(?:\w*[({][^(){}]*[)}]|None|null|[Tt]rue|[Ff]alse)/g;

/** Whether a 400 says that this server refuses the usage option on streams. One that only repeats the request does not. */
export function refusesUsage(text: string): boolean {
  return NAMED.test(text.replace(REPEATED, ""));
}
