import type { DraftLimit } from "@/lib/console/tiers/observed-draft.shared";

/** Initial values of "Add a limit". */
export const NEW_LIMIT: DraftLimit = {
  name: "",
  layer: "tenant",
  dimension: "requests",
  algorithm: "token_bucket",
  capacity: 60,
  refill: null,
  windowSeconds: 60,
  calendarPeriod: null,
  timeZone: null,
  burstCredit: null,
  match: {},
  onExceed: "refuse",
  observe: false,
  failureMode: "local",
};
