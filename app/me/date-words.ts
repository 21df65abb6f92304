import { fromNow } from "../_ui/figures/format";
import { DAY_MS } from "../_ui/time/spans";

const SOON_MS = 14 * DAY_MS;

type Dates = { readonly expires_at: string | null; readonly rotate_by: string | null };

/** The nearer of a key's expiry and its rotation, for its holder; null = neither is near. */
export function dateWords(dates: Dates, now: number): string | null {
  const near = nearer(dates, now);
  if (near === null) return null;
  if (near.what === "expiry") return `This key expires ${fromNow(near.at, now)}.`;
  return Date.parse(near.at) <= now
    ? `This key was to be rotated ${fromNow(near.at, now)}.`
    : `This key is to be rotated ${fromNow(near.at, now)}.`;
}

/** What the holder can do about it. A rotation by the holder does not move the expiry. */
export function dateAdvice(dates: Dates & { readonly may_rotate: boolean }, now: number): string {
  return dates.may_rotate && nearer(dates, now)?.what === "rotation"
    ? "Rotate it below."
    : "Ask your operators for a new key.";
}

function nearer({ expires_at: ends, rotate_by: due }: Dates, now: number) {
  const isNear = (at: string | null): at is string => at !== null && Date.parse(at) - now <= SOON_MS;
  if (isNear(ends) && (!isNear(due) || ends <= due)) return { what: "expiry", at: ends } as const;
  return isNear(due) ? ({ what: "rotation", at: due } as const) : null;
}
