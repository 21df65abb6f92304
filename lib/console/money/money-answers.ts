import type { coverageSince } from "@/db/queries/money/prices";
import type { usageTop } from "@/db/queries/money/usage-top";
import type { Elapsed } from "@/lib/clock";
import { SharedAnswers } from "../overview/shared-answers";

/** Answers about money that take long at many tenants, for all readers. One per process. */
export class MoneyAnswers {
  readonly top: SharedAnswers<Awaited<ReturnType<typeof usageTop>>>;
  /** with the number of calls that were refused because their model has no price */
  readonly coverage: SharedAnswers<[Awaited<ReturnType<typeof coverageSince>>, number]>;

  constructor(elapsed: Elapsed) {
    this.top = new SharedAnswers(elapsed);
    this.coverage = new SharedAnswers(elapsed);
  }
}
