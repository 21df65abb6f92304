import { isPlainTier } from "./price";

/**
 * One name for everything that changes the rates of a call; null = nothing is named. Anthropic multiplies its prices for a
 * fast answer and for a region. A plain tier named beside them must not hide them.
 */
export function servedAs(named: {
  readonly tier: string;
  readonly speed: unknown;
  readonly geo: string | undefined;
}): string | null {
  const { tier, speed, geo = "" } = named;
  const dear = [
    ...(isPlainTier(tier) || tier === "" ? [] : [tier]),
    ...(speed === "fast" && tier !== "fast" ? ["fast"] : []),
    ...(ANYWHERE.has(geo) ? [] : [`geo-${geo}`]),
  ];
  if (dear.length > 0) return dear.join("+");
  return tier === "" ? null : tier;
}

/** Regions at the plain rates. */
const ANYWHERE: ReadonlySet<string> = new Set(["", "global", "not_available"]);
