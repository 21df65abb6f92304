import { fromNow } from "../_ui/figures/format";
import { DAY_MS } from "../_ui/time/spans";

const SOON_MS = 14 * DAY_MS;

type Dates = { readonly expires_at: string | null; readonly rotate_by: string | null };

/** The nearer of a key's expiry and its rotation, for its holder; null = neither is near. */
export function dateWords({ expires_at: ends, rotate_by: due }: Dates, now: number): string | null {
  const isNear = (at: string | null): at is string => at !== null && Date.parse(at) - now <= SOON_MS;
  if (isNear(ends) && (!isNear(due) || ends <= due)) return `This key expires ${fromNow(ends, now)}.`;
  if (!isNear(due)) return null;
  return Date.parse(due) <= now
    ? `This key was to be rotated ${fromNow(due, now)}.`
    : `This key is to be rotated ${fromNow(due, now)}.`;
}
