/** What one process says of a tenant's cost: it is `atLeast` that much, and then `cost` more. */
export type CostNews = { readonly tenantId: string; readonly cost: number; readonly atLeast: number };

/** Tenants that are remembered; those beyond it that wait for nothing are forgotten, which lifts them to the least active one. */
const TENANTS_MAX = 20_000;

/**
 * What each tenant has used of a scarce resource, by its weight: of equals the one with the least goes first. After Sheng
 * and others, "Fairness in Serving Large Language Models", 2024 (virtual token counter), in micro-dollars.
 * Invariant: a tenant that comes back, or comes first, starts no lower than the least of those that wait: nobody saves
 * up turns by staying away. Two that wait all the time differ by no more than twice what one of them has in flight.
 */
export class VirtualCosts {
  readonly #costs = new Map<string, number>();
  /** waiting calls by tenant */
  readonly #waiting = new Map<string, number>();
  /** charged, and not sent yet */
  readonly #pending = new Map<string, number>();
  /** where tenants have started again, not sent yet */
  readonly #starts = new Map<string, number>();
  readonly #random: () => number;
  /** the least cost of those that waited when it was last looked at; never falls */
  #floor = 0;

  /** `random`: 0 to 1. Newcomers are spread over one small call, so that a crowd of them does not go all at once. */
  constructor(random: () => number) {
    this.#random = random;
  }

  of(tenantId: string): number {
    return this.#costs.get(tenantId) ?? this.#floor;
  }

  /** One more call of a tenant waits. `strideMicroUsd`: what a small call of it adds. */
  enter(tenantId: string, strideMicroUsd: number): void {
    const count = this.#waiting.get(tenantId) ?? 0;
    if (count === 0) this.#lift(tenantId, strideMicroUsd);
    this.#waiting.set(tenantId, count + 1);
  }

  /** One less. */
  leave(tenantId: string): void {
    const count = (this.#waiting.get(tenantId) ?? 0) - 1;
    if (count > 0) this.#waiting.set(tenantId, count);
    else this.#waiting.delete(tenantId);
  }

  /** Adds what a tenant has used, or takes back what was guessed too high. */
  charge(tenantId: string, microUsd: number, weight: number): void {
    const cost = microUsd / weight;
    this.#costs.set(tenantId, this.of(tenantId) + cost);
    this.#pending.set(tenantId, (this.#pending.get(tenantId) ?? 0) + cost);
    if (this.#costs.size > TENANTS_MAX) this.#forget();
  }

  /** The least cost of those that wait: what a newcomer starts with. */
  get floor(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const tenantId of this.#waiting.keys()) least = Math.min(least, this.of(tenantId));
    if (Number.isFinite(least)) this.#floor = Math.max(this.#floor, least);
    return this.#floor;
  }

  /** What was charged here since the last time, and where tenants that came back start, for the other processes. */
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

  /** They could not be sent: the next news have them again. */
  keepNews(news: readonly CostNews[]): void {
    for (const { tenantId, cost, atLeast } of news) {
      this.#pending.set(tenantId, (this.#pending.get(tenantId) ?? 0) + cost);
      this.#starts.set(tenantId, Math.max(atLeast, this.#starts.get(tenantId) ?? 0));
    }
  }

  /** What all processes together have charged a tenant; what is not sent yet comes on top. */
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
