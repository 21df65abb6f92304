/** What one process reports of a tenant's cost: it is at least `atLeast`, and `cost` is added to that. */
export type CostNews = { readonly tenantId: string; readonly cost: number; readonly atLeast: number };

/** Tenants that are remembered. Beyond it, those without waiting calls are forgotten and so rise to the least active one. */
const TENANTS_MAX = 20_000;

/**
 * What each tenant has used of a scarce resource, by its weight: among equals, the one with the least goes first. After
 * Sheng and others, "Fairness in Serving Large Language Models", 2024 (virtual token counter), in micro-dollars.
 * Invariant: a new or returning tenant starts no lower than the lowest waiting one, so nobody saves up turns by staying
 * away. Two tenants that always wait differ by at most twice what one of them has in flight.
 */
export class VirtualCosts {
  readonly #costs = new Map<string, number>();
  /** waiting calls by tenant */
  readonly #waiting = new Map<string, number>();
  /** charged, not sent yet */
  readonly #pending = new Map<string, number>();
  /** where tenants have started again, not sent yet */
  readonly #starts = new Map<string, number>();
  readonly #random: () => number;
  /** the lowest cost among waiting tenants at the last look; never falls */
  #floor = 0;

  /** `random`: 0 to 1. Spreads newcomers over one small call, so that a crowd of them does not go all at once. */
  constructor(random: () => number) {
    this.#random = random;
  }

  of(tenantId: string): number {
    return this.#costs.get(tenantId) ?? this.#floor;
  }

  /** One more call of a tenant waits. `strideMicroUsd`: what a small call of that tenant adds. */
  enter(tenantId: string, strideMicroUsd: number): void {
    const count = this.#waiting.get(tenantId) ?? 0;
    if (count === 0) this.#lift(tenantId, strideMicroUsd);
    this.#waiting.set(tenantId, count + 1);
  }

  /** One call fewer waits. */
  leave(tenantId: string): void {
    const count = (this.#waiting.get(tenantId) ?? 0) - 1;
    if (count > 0) this.#waiting.set(tenantId, count);
    else this.#waiting.delete(tenantId);
  }

  /** Adds what a tenant has used, or takes back a guess that was too high. */
  charge(tenantId: string, microUsd: number, weight: number): void {
    const cost = microUsd / weight;
    this.#costs.set(tenantId, this.of(tenantId) + cost);
    this.#pending.set(tenantId, (this.#pending.get(tenantId) ?? 0) + cost);
    if (this.#costs.size > TENANTS_MAX) this.#forget();
  }

  /** The lowest cost among waiting tenants, with which a newcomer starts. */
  get floor(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const tenantId of this.#waiting.keys()) least = Math.min(least, this.of(tenantId));
    if (Number.isFinite(least)) this.#floor = Math.max(this.#floor, least);
    return this.#floor;
  }

  /** The charges since the last news, and where returning tenants start, for the other processes. */
  takeNews(): readonly CostNews[] {
    const tenants = new Set([...this.#pending.keys(), ...this.#starts.keys()]);
    const news = [...tenants].map((tenantId) => ({
      tenantId,
      cost: this.#pending.get(tenantId) ?? 0,
      atLeast: this.#starts.get(tenantId) ?? 0,
    }));
    this.#pending.clear();
    this.#starts.clear();
    return news;
  }

  /** These could not be sent: the next news include them. */
  keepNews(news: readonly CostNews[]): void {
    for (const { tenantId, cost, atLeast } of news) {
      this.#pending.set(tenantId, (this.#pending.get(tenantId) ?? 0) + cost);
      this.#starts.set(tenantId, Math.max(atLeast, this.#starts.get(tenantId) ?? 0));
    }
  }

  /** Sets what all processes together have charged a tenant; unsent charges are added. */
  learn(tenantId: string, cost: number): void {
    this.#costs.set(tenantId, Math.max(cost, this.#starts.get(tenantId) ?? 0) + (this.#pending.get(tenantId) ?? 0));
  }

  /** Tenants that wait. */
  waiting(): IterableIterator<string> {
    return this.#waiting.keys();
  }

  #lift(tenantId: string, strideMicroUsd: number): void {
    const floor = this.floor;
    const own = this.#costs.get(tenantId);
    const start = own === undefined ? floor + this.#random() * strideMicroUsd : Math.max(own, floor);
    this.#costs.set(tenantId, start);
    this.#starts.set(tenantId, start - (this.#pending.get(tenantId) ?? 0));
  }

  #forget(): void {
    for (const tenantId of this.#costs.keys()) {
      if (!this.#waiting.has(tenantId)) this.#costs.delete(tenantId);
    }
  }
}
