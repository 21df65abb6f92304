import { FAILURE_MODES } from "@/lib/limits/plan";
import { DIMENSIONS } from "@/lib/limits/rules/dimensions";
import { LAYERS_OF } from "@/lib/limits/rules/layers";
import { PRIORITIES } from "@/lib/limits/rules/priority";
import { ALGORITHMS } from "@/lib/limits/rules/rule";
import { CALENDAR_PERIODS } from "@/lib/policy/calendar-period";
import { ENDPOINTS } from "@/lib/wire/call";

/** What an operator may choose from when writing a limit: the tables that the limiter itself reads. */
export const LIMIT_CHOICES = {
  layersOf: LAYERS_OF,
  dimensions: DIMENSIONS,
  counted: ALGORITHMS.filter((name) => name !== "concurrency"),
  periods: CALENDAR_PERIODS,
  failureModes: FAILURE_MODES,
  endpoints: ENDPOINTS,
  priorities: PRIORITIES,
} as const;
