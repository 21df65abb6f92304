import type { RuleView } from "@/lib/console/alerts/alerts";
import { type Caps, capMembers, NO_CAPS } from "./caps";

type Kind = {
  readonly value: string;
  readonly label: string;
  /** the one number of most rules: member, label, preset, factor to the API's unit */
  readonly number?: readonly [member: string, label: string, preset: number, factor: number];
  readonly hasTenant?: true;
  /** of calls, tokens and money */
  readonly hasCaps?: true;
  /** its findings name one tenant or one provider, which a brake can stop */
  readonly mayBrake?: true;
};

export const KINDS: readonly Kind[] = [
  {
    value: "budget_threshold",
    label: "a budget passes a threshold",
    hasTenant: true,
    number: ["minPercent", "Thresholds of at least this percentage", 1, 1],
  },
  {
    value: "forecast",
    label: "a budget will soon be used up",
    hasTenant: true,
    number: ["withinHours", "Within hours", 24, 1],
  },
  {
    value: "limit_remaining",
    label: "a limit is nearly used up",
    hasTenant: true,
    number: ["percent", "At most this percentage left", 10, 1],
  },
  {
    value: "refusal_rate",
    label: "many calls are refused",
    hasTenant: true,
    mayBrake: true,
    number: ["percent", "At least this percentage refused", 25, 1],
  },
  {
    value: "spend_rate",
    label: "spend is too fast",
    hasTenant: true,
    mayBrake: true,
    number: ["microUsdPerMinute", "US dollars per minute", 1, 1_000_000],
  },
  {
    value: "upstream_errors",
    label: "a provider fails",
    mayBrake: true,
    number: ["percent", "At least this percentage failed", 20, 1],
  },
  {
    value: "upstream_limited",
    label: "a provider keeps answering 429",
    number: ["inARow", "At least this many in a row", 3, 1],
  },
  {
    value: "emergency_cap",
    label: "all tenants together exceed a cap",
    mayBrake: true,
    hasCaps: true,
  },
  { value: "store_away", label: "the shared store is away" },
  { value: "audit_broken", label: "the audit log was tampered with" },
  { value: "brake", label: "a brake is on" },
  { value: "key_expiring", label: "a key is about to expire", hasTenant: true, number: ["days", "Within days", 14, 1] },
  {
    value: "key_rotation",
    label: "a key is due for rotation",
    hasTenant: true,
    number: ["days", "Within days", 14, 1],
  },
  { value: "more_asked", label: "a key holder requests more", hasTenant: true },
  { value: "drill_overdue", label: "no brake drill for a long time", number: ["days", "For days", 30, 1] },
];

/** The fields of the form. */
export type Filled = {
  readonly name: string;
  readonly value: string;
  /** what the operator has typed; `null`: the kind's preset */
  readonly given: number | null;
  readonly caps: Caps;
  readonly tenant: string | null;
  readonly isOn: boolean;
  readonly severity: string;
  readonly mode: string;
  readonly minutes: number;
  readonly to: readonly string[];
};

const MICRO = 1_000_000;

/** An existing rule in the form; null = a new one, which notifies all channels. */
export function filledOf(rule: RuleView | null, channels: readonly { readonly id: string }[]): Filled {
  if (rule === null) {
    return {
      name: "",
      value: "budget_threshold",
      given: null,
      caps: NO_CAPS,
      tenant: null,
      isOn: true,
      severity: "warning",
      mode: "none",
      minutes: 15,
      to: channels.map((one) => one.id),
    };
  }
  const { name, watch, severity, brake, enabled } = rule;
  const kind = KINDS.find((one) => one.value === watch.kind);
  const numberOf = (member: string) => {
    const value: unknown = Reflect.get(watch, member);
    return typeof value === "number" ? value : null;
  };
  const [member = "", , , factor = 1] = kind?.number ?? [];
  const given = numberOf(member);
  const dollars = numberOf("microUsdPerMinute");
  const caps = {
    calls: numberOf("callsPerMinute"),
    tokens: numberOf("tokensPerMinute"),
    dollars: dollars === null ? null : dollars / MICRO,
  };
  const tenant: unknown = Reflect.get(watch, "tenant");
  return {
    name,
    value: String(watch.kind),
    given: given === null ? null : given / factor,
    caps: kind?.hasCaps === true ? caps : NO_CAPS,
    tenant: typeof tenant === "string" ? tenant : null,
    isOn: enabled,
    severity,
    mode: brake?.mode ?? "none",
    minutes: brake?.minutes ?? 15,
    to: rule.channels,
  };
}

/** The rule's kind. */
export function kindOf({ value }: Filled): Kind | undefined {
  return KINDS.find((one) => one.value === value);
}

/** The rule in the API's form. Numbers that the form does not show stay as in the rule while its kind is the same. */
export function bodyOf(filled: Filled, rule: RuleView | null): object {
  const { name, severity, to, mode, minutes, value, given, caps, tenant, isOn } = filled;
  const kind = kindOf(filled);
  const [member = "", , preset = 0, factor = 1] = kind?.number ?? [];
  const shown = ["tenant", "callsPerMinute", "tokensPerMinute", "microUsdPerMinute"];
  const kept = rule?.watch.kind === value ? Object.entries(rule.watch).filter(([name]) => !shown.includes(name)) : [];
  return {
    name: name.trim(),
    severity,
    channels: to,
    enabled: isOn,
    ...(kind?.mayBrake === true && mode !== "none" ? { brake: { mode, minutes } } : {}),
    watch: {
      ...Object.fromEntries(kept),
      kind: value,
      ...(member === "" ? {} : { [member]: Math.round((given ?? preset) * factor * 1000) / 1000 }),
      ...(kind?.hasCaps === true ? capMembers(caps) : {}),
      ...(kind?.hasTenant && tenant !== null ? { tenant } : {}),
    },
  };
}
