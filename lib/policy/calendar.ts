import { Temporal } from "temporal-polyfill";
import type { CalendarBounds } from "@/lib/limits/rules/rule";
import type { CalendarPeriod } from "./calendar-period";

/**
 * The day, week (from Monday) or month of a time zone that holds `now`, and the end of the next one.
 * Days are as long as the zone makes them: 23 or 25 hours when its clock changes.
 */
export function calendarBounds(period: CalendarPeriod, zone: string, now: number): CalendarBounds {
  const id = `${period} ${zone}`;
  const known = recent.get(id);
  if (known !== undefined && now >= known.startMs && now < known.endMs) return known;
  const bounds = compute(period, zone, now);
  if (recent.size >= RECENT_MAX) recent.clear();
  recent.set(id, bounds);
  return bounds;
}

export function isTimeZone(zone: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    return true;
  } catch {
    return false;
  }
}

/** Bounds are pure in their arguments; this only saves working them out for each call. */
const recent = new Map<string, CalendarBounds>();
const RECENT_MAX = 2000;

function compute(period: CalendarPeriod, zone: string, now: number): CalendarBounds {
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone).toPlainDate();
  const first = firstDay(period, today);
  const step = period === "day" ? { days: 1 } : period === "week" ? { days: 7 } : { months: 1 };
  const second = first.add(step);
  const [startMs, endMs, nextEndMs] = [first, second, second.add(step)].map(
    (date) => date.toZonedDateTime({ timeZone: zone }).epochMilliseconds,
  );
  if (startMs === undefined || endMs === undefined || nextEndMs === undefined)
    throw new Error("three dates, three times");
  return { startMs, endMs, nextEndMs };
}

function firstDay(period: CalendarPeriod, date: Temporal.PlainDate): Temporal.PlainDate {
  switch (period) {
    case "day":
      return date;
    case "week":
      return date.subtract({ days: date.dayOfWeek - 1 });
    case "month":
      return date.with({ day: 1 });
    default:
      return period satisfies never;
  }
}
