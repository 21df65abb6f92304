import { DAY_MS } from "@/lib/clock";

/** What a tier has unless it says otherwise: a key that nobody renews stops by itself. */
export const USUAL_DAYS_MAX = 90;

/** Days until a key expires; null = it never does. Or why the tier does not allow that. */
export type Lifetime =
  | { readonly kind: "days"; readonly days: number | null }
  | { readonly kind: "too long"; readonly message: string };

/** How long a key may live. `most`: what its tier allows, null = for ever; `asked` undefined = as is usual. */
export function lifetimeOf(asked: number | null | undefined, most: number | null): Lifetime {
  if (asked === undefined) return { kind: "days", days: Math.min(USUAL_DAYS_MAX, most ?? USUAL_DAYS_MAX) };
  if (most === null || (asked !== null && asked <= most)) return { kind: "days", days: asked };
  const bound = `Keys of this tier expire after at most ${most} days.`;
  return { kind: "too long", message: `${bound} Choose fewer days, or raise the tier's maximum.` };
}

/** When a successor expires: it lives as long as the old key was given, and no longer than its tier allows. */
export function successorEnd(
  old: { readonly createdAt: Date; readonly expiresAt: Date | null },
  most: number | null,
  now: number,
): Date | null {
  const given = old.expiresAt === null ? null : old.expiresAt.getTime() - old.createdAt.getTime();
  const bound = most === null ? null : most * DAY_MS;
  if (given === null) return bound === null ? null : new Date(now + bound);
  return new Date(now + (bound === null ? given : Math.min(given, bound)));
}
