import { appliedLimits } from "@/lib/policy/compile";
import type { Policy } from "@/lib/policy/policy";
import type { Model } from "@/lib/providers/catalog";
import type { CallSubject } from "../caller/subject";
import type { Gateway } from "../gateway";

/** Budgets of a call that were past one of their thresholds when they were last seen, in layer order. */
export function pastStep(
  gateway: Pick<Gateway, "clock" | "moneyUsed">,
  policy: Policy,
  { subject: { facts, priority }, model }: { readonly subject: CallSubject; readonly model: Model },
  step: "degradeFrom" | "queueFrom",
): { readonly name: string; readonly counter: string }[] {
  const watched = policy.limits.filter((limit) => limit[step] !== null);
  if (watched.length === 0) return [];
  const now = gateway.clock.now();
  const called = { model: model.slug, provider: model.provider.slug, priority };
  return appliedLimits({ ...policy, limits: watched }, facts, called, now).flatMap(({ counter, limitId }) => {
    const seen = gateway.moneyUsed.get(counter);
    const limit = watched.find((one) => one.limitId === limitId);
    const from = limit?.[step] ?? null;
    const isPast = seen !== undefined && from !== null && now < seen.untilMs && seen.used >= from;
    return isPast ? [{ name: limit?.name ?? "", counter }] : [];
  });
}
