/** What a rule finds, as a sentence part. */
export function watchWords(watch: Readonly<Record<string, unknown>>): string {
  const of = typeof watch.tenant === "string" ? ` of ${watch.tenant}` : "";
  const minutes = `in ${watch.minutes ?? 5} min`;
  switch (watch.kind) {
    case "budget_threshold":
      return `a budget${of} passes a threshold${Number(watch.minPercent) > 1 ? ` of ${watch.minPercent} % or more` : ""}`;
    case "limit_remaining":
      return `a limit${of} has at most ${watch.percent} % left`;
    case "forecast":
      return `a budget${of} will be used up within ${watch.withinHours} h`;
    case "refusal_rate":
      return `${watch.percent} % of calls${of} refused ${minutes}`;
    case "spend_rate":
      return `spend${of} above $${(Number(watch.microUsdPerMinute) / 1e6).toFixed(4)} per minute`;
    case "upstream_errors":
      return `${watch.percent} % of calls fail at ${watch.provider ?? "a provider"} ${minutes}`;
    case "upstream_limited":
      return `${watch.inARow} responses with 429 in a row from ${watch.provider ?? "a provider"}`;
    case "emergency_cap":
      return `all tenants together use more than ${capWords(watch)} per minute`;
    case "store_away":
      return "the shared store is away";
    case "audit_broken":
      return "the audit log was tampered with";
    case "brake":
      return "a brake is on";
    case "drill_overdue":
      return `no brake drill for ${watch.days} days`;
    case "key_expiring":
      return `a key${of} expires within ${watch.days} days`;
    case "key_rotation":
      return `a key${of} is due for rotation within ${watch.days} days`;
    case "more_asked":
      return `a key holder${of} requests more`;
    default:
      return String(watch.kind);
  }
}

function capWords({ callsPerMinute, tokensPerMinute, microUsdPerMinute }: Readonly<Record<string, unknown>>): string {
  return [
    ...(callsPerMinute === undefined ? [] : [`${callsPerMinute} calls`]),
    ...(tokensPerMinute === undefined ? [] : [`${tokensPerMinute} tokens`]),
    ...(microUsdPerMinute === undefined ? [] : [`$${(Number(microUsdPerMinute) / 1e6).toFixed(2)}`]),
  ].join(" or ");
}
