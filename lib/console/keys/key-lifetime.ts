import { DAY_MS } from "@/lib/clock";

/** Default lifetime of a tier's keys: a key that is not renewed expires. */
export const USUAL_DAYS_MAX = 90;

/** Days until a key expires; null = never. Or the reason why the tier does not allow it. */
export type Lifetime =
  | { readonly kind: "days"; readonly days: number | null }
  | { readonly kind: "too long"; readonly message: string };

/** Lifetime of a key. `most`: the tier's maximum, null = no limit; `asked` undefined = the default. */
export function lifetimeOf(asked: number | null | undefined, most: number | null): Lifetime {
  if (asked === undefined) return { kind: "days", days: Math.min(USUAL_DAYS_MAX, most ?? USUAL_DAYS_MAX) };
  if (most === null || (asked !== null && asked <= most)) return { kind: "days", days: asked };
  const bound = `Keys of this tier expire after at most ${most} days.`;
  return { kind: "too long", message: `${bound} Choose fewer days, or raise the tier's maximum.` };
}

/** Expiry of a successor: the lifetime of the old key, up to the tier's maximum. */
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
