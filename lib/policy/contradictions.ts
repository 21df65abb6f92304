import type { Layer } from "@/lib/limits/rules/layers";
import type { Rule } from "@/lib/limits/rules/rule";
import { isForEveryone } from "./compile";
import type { CompiledLimit } from "./policy";

/**
 * Nesting of layers: every call of the inner layer also counts for the outer layer. Where the inner counter counts all
 * tenants, that is so for the outer layer "global" alone.
 */
const INSIDE: Readonly<Partial<Record<Layer, readonly Layer[]>>> = {
  user: ["tenant", "global"],
  key: ["tenant", "global"],
  feature: ["tenant", "global"],
  endpoint: ["tenant", "global"],
  model: ["tenant", "global"],
  ip: ["tenant", "global"],
  provider: ["global"],
  tenant: ["global"],
};

/**
 * Warnings about a set of limits: limits that never bind because a wider one always binds first, and limits that refuse
 * everything. In words, for the operator. They are allowed.
 */
export function contradictions(limits: readonly CompiledLimit[]): string[] {
  const enforced = limits.filter((limit) => !limit.observe);
  const said: string[] = [];
  for (const inner of enforced) {
    if (inner.rule.capacity === 0) said.push(`"${inner.name}" is 0: it refuses every call that it is about.`);
    const wider = enforced.find((outer) => outer !== inner && alwaysFirst(outer, inner));
    if (wider !== undefined) {
      said.push(`"${inner.name}" never binds: "${wider.name}" covers the same calls and is not larger.`);
    }
  }
  return said;
}

/** Whether `outer` has refused whatever `inner` would refuse. */
function alwaysFirst(outer: CompiledLimit, inner: CompiledLimit): boolean {
  if (outer.dimension !== inner.dimension || Object.values(outer.match).some((one) => one !== undefined)) return false;
  const isWider =
    (INSIDE[inner.layer]?.includes(outer.layer) ?? false) && (outer.layer === "global" || !isShared(inner));
  // Of two equal limits in one layer only the first counts, so they are not reported against each other.
  const isSame =
    outer.layer === inner.layer &&
    outer.onlySubject === inner.onlySubject &&
    (isForEveryone(outer) || !isShared(inner));
  const { algorithm } = outer.rule;
  if ((!isWider && !isSame) || algorithm !== inner.rule.algorithm) return false;
  if (algorithm === "calendar_window") {
    const isSameWindow =
      outer.calendar?.period === inner.calendar?.period && outer.calendar?.zone === inner.calendar?.zone;
    return isSameWindow && isTighter(outer, inner, isWider, 1, 1);
  }
  if (algorithm === "concurrency") return isTighter(outer, inner, isWider, 1, 1);
  if (!areNested(outer.rule, inner.rule)) return false;
  return isTighter(outer, inner, isWider, perSecond(outer.rule), perSecond(inner.rule));
}

/** Whether a limit's counter counts calls of other tenants too, to whom this tenant's limits do not apply. */
function isShared(limit: CompiledLimit): boolean {
  return limit.layer === "ip" || limit.layer === "global" || isForEveryone(limit);
}

/** Whether each window of the inner limit lies within one of the outer limit, or consists of whole ones. */
function areNested({ algorithm, periodMs: outer }: Rule, { periodMs: inner }: Rule): boolean {
  if (algorithm === "sliding_window") return inner <= outer || inner % outer === 0;
  if (algorithm === "fixed_window") return outer % inner === 0 || inner % outer === 0;
  return true;
}

function isTighter(
  outer: CompiledLimit,
  inner: CompiledLimit,
  isWider: boolean,
  outerRate: number,
  innerRate: number,
): boolean {
  const [most, own] = [outer.rule.capacity + outer.rule.credit, inner.rule.capacity];
  if (most > own || outerRate > innerRate) return false;
  return isWider || most < own || outerRate < innerRate || outer.name < inner.name;
}

/** Units that come back per second; of a window, on average. */
function perSecond({ algorithm, capacity, refill, periodMs }: Rule): number {
  return ((algorithm === "token_bucket" ? refill : capacity) * 1000) / periodMs;
}
