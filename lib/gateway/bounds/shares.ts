/** How much of a resource one holder may have, in multiples of what is left free; Infinity: it is only counted. */
export type Claim = { readonly holder: string; readonly perFree: number };

/**
 * One resource (calls at once, bytes in memory) divided among those who want it. A holder may grow while it has less than
 * `perFree` times what is free: alone it gets `perFree / (1 + perFree)` of all, and however many greedy ones there are,
 * something stays free for the next one. Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory
 * packet switches", 1998. No holder has a number of its own to be set, and an unused share is nobody's loss.
 */
export class Shares {
  readonly #capacity: number;
  readonly #held = new Map<string, number>();
  #total = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** what all hold together */
  get total(): number {
    return this.#total;
  }

  of(holder: string): number {
    return this.#held.get(holder) ?? 0;
  }

  /**
   * Takes `amount` for every claim, or nothing. Null = taken; else who has enough already, "all" = nothing is free, "class" =
   * nothing below `upTo`, the part of the capacity that such a claim may fill.
   */
  take(amount: number, claims: readonly Claim[], upTo = this.#capacity): Claim | "all" | "class" | null {
    const free = this.#capacity - this.#total;
    // What is larger than everything may come when nobody else is there: else it could never be served.
    if (amount > free && this.#total > 0) return "all";
    if (this.#total > 0) {
      for (const claim of claims) if (this.of(claim.holder) >= claim.perFree * free) return claim;
    }
    if (this.#total + amount > upTo && this.#total > 0) return "class";
    this.#add(amount, claims);
    return null;
  }

  /** Takes what was given back for a while: it may be more than there is. */
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
