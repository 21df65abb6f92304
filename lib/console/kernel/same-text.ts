import { timingSafeEqual } from "node:crypto";

/** Compares two secrets in constant time; only their length can leak. */
export function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Which operator token a text is, compared in constant time; null = none. */
export function operatorTokenOf(
  text: string,
  { operatorToken, earlierOperatorTokens }: { operatorToken: string; earlierOperatorTokens: readonly string[] },
): "current" | "earlier" | null {
  if (sameText(text, operatorToken)) return "current";
  return earlierOperatorTokens.some((earlier) => sameText(text, earlier)) ? "earlier" : null;
}
