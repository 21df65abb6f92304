/** A day without its time: "28 Nov 2026". `day` begins with year, month and day; a moment's day is that of UTC. */
export function dayWords(day: string): string {
  return worded(`${day.slice(0, 10)}T00:00:00Z`, { dateStyle: "medium" });
}

/** A moment in UTC, for a page whose reader has chosen no zone: "28 Nov 2026, 19:07". The caller says that it is UTC. */
export function utcWords(at: string): string {
  return worded(at, { dateStyle: "medium", timeStyle: "short" });
}

function worded(at: string, form: Intl.DateTimeFormatOptions): string {
  return new Date(at).toLocaleString("en-GB", { ...form, timeZone: "UTC" });
}
