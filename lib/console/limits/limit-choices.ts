import { DIMENSIONS } from "@/lib/limits/dimensions";
import { LAYERS_OF } from "@/lib/limits/layers";
import { FAILURE_MODES } from "@/lib/limits/plan";
import { PRIORITIES } from "@/lib/limits/priority";
import { ALGORITHMS } from "@/lib/limits/rule";
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
