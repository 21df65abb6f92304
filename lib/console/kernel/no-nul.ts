import { PublicError } from "@/lib/errors";

/** Refuses U+0000 anywhere in a value, because PostgreSQL cannot store it and would fail with an internal error. */
export function refuseNul(value: unknown): void {
  if (!holdsNul(value)) return;
  throw new PublicError("invalid_value", "The request contains U+0000, which cannot be stored. Remove it.");
}

/** As deep as the value nests; a JSON body's depth is bounded where it is parsed. */
function holdsNul(value: unknown): boolean {
  if (typeof value === "string") return value.includes("\0");
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, one]) => name.includes("\0") || holdsNul(one));
}
