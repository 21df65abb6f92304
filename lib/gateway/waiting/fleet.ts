import type { Exchange, Exchanged } from "@/lib/admission/offers/offers";
import { mayAsk, type Offer } from "@/lib/scarcity/fairness/offer";
import type { VirtualCosts } from "@/lib/scarcity/fairness/virtual-costs";

/** The other processes of the store, and how many they are with this one. */
export type Others = {
  readonly offers: { exchange(what: Exchange): Promise<Exchanged> };
  readonly processes: () => number;
};

/** Costs that are asked for in one request. */
const TENANTS_MAX = 200;
/** How much the largest call of late loses with each smaller one: after some hundred of those it is forgotten. */
const KEPT = 0.99;

/**
 * Keeps the order among processes. Fail mode: without word from the others a process asks by its own order. What is admitted
 * the limits decide in any case.
 */
export class Fleet {
  readonly #others: Others;
  readonly #costs: VirtualCosts;
  /** lines in which the others know an offer of ours */
  readonly #offered = new Set<string>();
  #largest = 0;

  constructor(others: Others, costs: VirtualCosts) {
    this.#others = others;
    this.#costs = costs;
  }

  /** A call was settled at this virtual cost. */
  sawCost(cost: number): void {
    this.#largest = Math.max(cost, this.#largest * KEPT);
  }

  /** Whether the best call of a line may ask for room now; the others learn that it would. */
  async mayAsk(line: string, own: Offer & { readonly tenantId: string }): Promise<boolean> {
    const others = await this.tell(line, own);
    const slack = this.#others.processes() * this.#largest;
    return others === null || mayAsk({ band: own.band, cost: this.#costs.of(own.tenantId) }, others, slack);
  }

  /** Tells the others what this process offers in a line; null = nothing any more. Resolves with what they offer. */
  async tell(line: string, own: Offer | null): Promise<readonly Offer[] | null> {
    if (own === null && !this.#offered.delete(line)) return null;
    if (own !== null) this.#offered.add(line);
    const news = this.#costs.takeNews();
    const tenantIds = [...this.#costs.waiting()].slice(0, TENANTS_MAX);
    try {
      const { others, costs } = await this.#others.offers.exchange({ line, own, news, tenantIds });
      for (const [tenantId, cost] of costs) this.#costs.learn(tenantId, cost);
      return others;
    } catch {
      this.#costs.keepNews(news);
      return null;
    }
  }
}
