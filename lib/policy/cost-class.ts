import { z } from "zod";

/** The cost class of a feature, set by an operator. */
export const COST_CLASSES = ["S", "M", "L", "XL"] as const;
export type CostClass = (typeof COST_CLASSES)[number];

/** Default number of requests that one call of a class counts as. */
export const CLASS_PERMITS: Readonly<Record<CostClass, number>> = { S: 1, M: 2, L: 4, XL: 8 };
/** Output tokens that one call of a class reserves per choice, up to its cap. */
export const CLASS_OUTPUT_TOKENS: Readonly<Record<CostClass, number>> = { S: 256, M: 1024, L: 4096, XL: 16_384 };

const permits = z.number().int().min(1).max(1000);
/** A tenant's own counts. A missing class keeps its default. */
export const classPermits = z.strictObject({
  S: permits.default(CLASS_PERMITS.S),
  M: permits.default(CLASS_PERMITS.M),
  L: permits.default(CLASS_PERMITS.L),
  XL: permits.default(CLASS_PERMITS.XL),
});
export type ClassPermits = Readonly<Partial<Record<CostClass, number>>>;

/** Requests per call of each class, for one tenant. */
export function permitsFor(own: ClassPermits): Readonly<Record<CostClass, number>> {
  const { S, M, L, XL } = CLASS_PERMITS;
  return { S: own.S ?? S, M: own.M ?? M, L: own.L ?? L, XL: own.XL ?? XL };
}

/** Request count and reserve of a feature's calls; null = no class: one request, and the ladder's reserve. */
export function costClassOf(
  tenant: { readonly featureClasses: Readonly<Record<string, CostClass>>; readonly classPermits: ClassPermits },
  feature: string | null,
): { readonly name: CostClass; readonly permits: number; readonly outputTokens: number } | null {
  if (feature === null || !Object.hasOwn(tenant.featureClasses, feature)) return null;
  const name = tenant.featureClasses[feature];
  if (name === undefined) return null;
  return { name, permits: permitsFor(tenant.classPermits)[name], outputTokens: CLASS_OUTPUT_TOKENS[name] };
}
