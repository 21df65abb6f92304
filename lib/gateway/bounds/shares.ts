/** The bound of one holder, in multiples of the free amount; Infinity = only counted. */
export type Claim = { readonly holder: string; readonly perFree: number };

/**
 * One resource (concurrent calls, bytes in memory) shared by its holders. A holder may grow while it has less than
 * `perFree` times the free amount. Alone it gets `perFree / (1 + perFree)` of all. With any number of greedy holders,
 * something stays free for the next one. Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet
 * switches", 1998. No holder needs a setting, and unused shares are available to all.
 */
export class Shares {
  readonly #capacity: number;
  readonly #held = new Map<string, number>();
  #total = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** the sum over all holders */
  get total(): number {
    return this.#total;
  }

  of(holder: string): number {
    return this.#held.get(holder) ?? 0;
  }

  /**
   * Takes `amount` for every claim, or nothing. Null = taken. Otherwise the holder at its bound, "all" = nothing is
   * free, or "class" = nothing is free below `upTo`, the part of the capacity for this class.
   */
  take(amount: number, claims: readonly Claim[], upTo = this.#capacity): Claim | "all" | "class" | null {
    const free = this.#capacity - this.#total;
    // A claim larger than the capacity is admitted when nothing else is held. Otherwise it could never be served.
    if (amount > free && this.#total > 0) return "all";
    if (this.#total > 0) {
      for (const claim of claims) if (this.of(claim.holder) >= claim.perFree * free) return claim;
    }
    if (this.#total + amount > upTo && this.#total > 0) return "class";
    this.#add(amount, claims);
    return null;
  }

  /** Takes back an amount that was released for a while. The sum may exceed the capacity. */
  retake(amount: number, claims: readonly Claim[]): void {
    this.#add(amount, claims);
  }

  give(amount: number, claims: readonly Claim[]): void {
    this.#add(-amount, claims);
  }

  #add(amount: number, claims: readonly Claim[]): void {
    this.#total += amount;
    for (const { holder } of claims) {
      const held = this.of(holder) + amount;
      if (held <= 0) this.#held.delete(holder);
      else this.#held.set(holder, held);
    }
  }
}
