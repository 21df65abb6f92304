import type { Exchange, Exchanged } from "@/lib/admission/offers/offers";
import { mayAsk, type Offer } from "@/lib/scarcity/fairness/offer";
import type { VirtualCosts } from "@/lib/scarcity/fairness/virtual-costs";

/** The other processes of the store, and the number of processes with this one. */
export type Others = {
  readonly offers: { exchange(what: Exchange): Promise<Exchanged> };
  readonly processes: () => number;
};

/** Maximum number of costs read in one request. */
const TENANTS_MAX = 200;
/** Factor by which each smaller call lowers the largest recent cost: after some hundred of them it is forgotten. */
const KEPT = 0.99;

/**
 * Keeps the order among processes. Fail mode: without news from the others a process uses its own order. The limits
 * decide about each admission in any case.
 */
export class Fleet {
  readonly #others: Others;
  readonly #costs: VirtualCosts;
  /** lines in which the others know one of our offers */
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

  /** Whether the best call of a line may ask for room now. The others learn that it is ready. */
  async mayAsk(line: string, own: Offer & { readonly tenantId: string }): Promise<boolean> {
    const others = await this.tell(line, own);
    const slack = this.#others.processes() * this.#largest;
    return others === null || mayAsk({ band: own.band, cost: this.#costs.of(own.tenantId) }, others, slack);
  }

  /** Sends the others this process's offer in a line; null = none any more. Resolves with their offers. */
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
