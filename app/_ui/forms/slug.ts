const SLUG_CHARS_MAX = 63;

/** A name in lower-case letters, digits and dashes: the proposed slug. */
export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, SLUG_CHARS_MAX);
}
