import { parseAsString, parseAsStringLiteral } from "nuqs";
import { PRESET_NAMES } from "../../../_ui/time/time-range";
import { GROUPS } from "./log-filter";

/** Every filter is part of the address, so a link shows the same. */
export const LOG_PLACE = {
  kind: parseAsString,
  tenant: parseAsString,
  model: parseAsString,
  outcome: parseAsString,
  limitName: parseAsString,
  endpoint: parseAsString,
  key: parseAsString,
  address: parseAsString,
  feature: parseAsString,
  session: parseAsString,
  agent: parseAsString,
  tag: parseAsString,
  user: parseAsString,
  from: parseAsString,
  to: parseAsString,
  month: parseAsString,
  range: parseAsStringLiteral(PRESET_NAMES).withDefault("24h"),
};

/** How the lines are shown: one by one, or as sums. */
export const LOG_SUMS = {
  group: parseAsStringLiteral(GROUPS),
  order: parseAsStringLiteral(["cost", "calls", "tokens", "failed", "refused"] as const).withDefault("cost"),
};
