/** Calls of one tenant to one provider in one minute that are evidence about the provider. */
type Upstream = {
  readonly provider: string;
  readonly tenant: string;
  readonly minutesAgo: number;
  readonly calls: number;
  readonly failed: number;
};

type Answered = { readonly calls: number; readonly failed: number };

/** Each tenant's results at each provider. */
export function byProvider(upstream: readonly Upstream[], minutes: number): Map<string, Map<string, Answered>> {
  const providers = new Map<string, Map<string, Answered>>();
  for (const { provider, tenant: slug, minutesAgo, calls, failed } of upstream) {
    if (minutesAgo >= minutes) continue;
    const met = providers.get(provider) ?? new Map<string, Answered>();
    const known = met.get(slug) ?? { calls: 0, failed: 0 };
    providers.set(provider, met.set(slug, { calls: known.calls + calls, failed: known.failed + failed }));
  }
  return providers;
}

/**
 * Providers that fail, and for whom. One fails for everyone if it still does without any one tenant's calls (at half the
 * threshold), so no tenant alone can have it stopped for the others. Failures of one tenant are found for that tenant only.
 */
export function failing(
  provider: string,
  met: ReadonlyMap<string, Answered>,
  watch: { readonly percent: number; readonly minCalls: number },
): (Answered & { readonly provider: string; readonly tenant?: string })[] {
  const isBad = (one: Answered, callsMin: number) => one.calls >= callsMin && failedPercent(one) >= watch.percent;
  const all = [...met.values()].reduce((sum, one) => ({
    calls: sum.calls + one.calls,
    failed: sum.failed + one.failed,
  }));
  const without = (one: Answered) => ({ calls: all.calls - one.calls, failed: all.failed - one.failed });
  const restMin = Math.ceil(watch.minCalls / 2);
  if (isBad(all, watch.minCalls) && [...met.values()].every((one) => isBad(without(one), restMin)))
    return [{ provider, ...all }];
  return [...met].flatMap(([slug, one]) => (isBad(one, watch.minCalls) ? { provider, tenant: slug, ...one } : []));
}

export function failedPercent({ calls, failed }: Answered): number {
  return (failed / Math.max(1, calls)) * 100;
}
