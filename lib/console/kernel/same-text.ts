import { timingSafeEqual } from "node:crypto";

/** Compares two secrets in a time that tells nothing of either but its length. */
export function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Which operator token a text is, compared in a time that tells nothing of it; null = none of them. */
export function operatorTokenOf(
  text: string,
  { operatorToken, earlierOperatorTokens }: { operatorToken: string; earlierOperatorTokens: readonly string[] },
): "current" | "earlier" | null {
  if (sameText(text, operatorToken)) return "current";
  return earlierOperatorTokens.some((earlier) => sameText(text, earlier)) ? "earlier" : null;
}
