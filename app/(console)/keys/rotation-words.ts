import { fromNow } from "../../_ui/figures/format";
import { DAY_MS } from "../../_ui/time/spans";

const SOON_MS = 14 * DAY_MS;

type Key = { readonly status: string; readonly rotateAt: string | null; readonly isReplaced?: boolean };

/** That a key's replacement is due soon or overdue; null = no schedule, enough time, or it has its replacement. */
export function rotationWords({ status, rotateAt, isReplaced = false }: Key, now: number): string | null {
  const due = rotateAt === null ? Number.NaN : Date.parse(rotateAt);
  if (status !== "active" || isReplaced || rotateAt === null || due - now > SOON_MS) return null;
  return due <= now ? `rotation was due ${fromNow(rotateAt, now)}` : `rotation due ${fromNow(rotateAt, now)}`;
}
