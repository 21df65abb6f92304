import { FAILURE_MODES } from "@/lib/limits/plan";
import { DIMENSIONS } from "@/lib/limits/rules/dimensions";
import { LAYERS_OF } from "@/lib/limits/rules/layers";
import { PRIORITIES } from "@/lib/limits/rules/priority";
import { ALGORITHMS } from "@/lib/limits/rules/rule";
import { CALENDAR_PERIODS } from "@/lib/policy/calendar-period";
import { ENDPOINTS } from "@/lib/wire/call";

/** Choices for writing a limit, from the tables that the limiter uses. */
export const LIMIT_CHOICES = {
  layersOf: LAYERS_OF,
  dimensions: DIMENSIONS,
  counted: ALGORITHMS.filter((name) => name !== "concurrency"),
  periods: CALENDAR_PERIODS,
  failureModes: FAILURE_MODES,
  endpoints: ENDPOINTS,
  priorities: PRIORITIES,
} as const;
