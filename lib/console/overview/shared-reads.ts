import type { spentWithin } from "@/db/queries/books/budget-spend";
import type { moversOf } from "@/db/queries/money/budgets";
import type { coverageSince } from "@/db/queries/money/prices";
import type { bookedByDay, usageTotals } from "@/db/queries/money/usage";
import type { usageSums } from "@/db/queries/money/usage-sums";
import type { usageTop } from "@/db/queries/money/usage-top";
import type { bucketsOf, facetsOf } from "@/db/queries/requests/log";
import type { sumsOf } from "@/db/queries/requests/sums";
import type { Elapsed } from "@/lib/clock";
import { CLOSED, SharedAnswers } from "./shared-answers";

type Answer<Query extends (...input: never[]) => Promise<unknown>> = Awaited<ReturnType<Query>>;

/** Queries that take long at many tenants, with their answers for all readers. One per process. */
export class SharedReads {
  /** usage of the first subjects of a range */
  readonly top: SharedAnswers<Answer<typeof usageTop>>;
  /** of hours or days that are over */
  readonly closedSums: SharedAnswers<Answer<typeof usageSums>>;
  /** days that are over, by model */
  readonly booked: SharedAnswers<Answer<typeof bookedByDay>>;
  readonly totals: SharedAnswers<Answer<typeof usageTotals>>;
  /** models with their prices, and the number of calls that were refused because their model has no price */
  readonly coverage: SharedAnswers<readonly [Answer<typeof coverageSince>, number]>;
  /** who spent most of a budget lately */
  readonly movers: SharedAnswers<Answer<typeof moversOf>>;
  /** what a rolling budget's window cost */
  readonly rolling: SharedAnswers<Answer<typeof spentWithin>>;
  /** of each book of the request log */
  readonly facets: SharedAnswers<readonly [readonly Answer<typeof facetsOf>[], readonly Answer<typeof bucketsOf>[]]>;
  /** of the request log, with the first request id that was summed */
  readonly sums: SharedAnswers<Answer<typeof sumsOf> & { readonly fromId: string }>;

  constructor(elapsed: Elapsed) {
    this.top = new SharedAnswers(elapsed);
    this.closedSums = new SharedAnswers(elapsed, CLOSED);
    this.booked = new SharedAnswers(elapsed, CLOSED);
    this.totals = new SharedAnswers(elapsed);
    this.coverage = new SharedAnswers(elapsed);
    this.movers = new SharedAnswers(elapsed);
    this.rolling = new SharedAnswers(elapsed);
    this.facets = new SharedAnswers(elapsed);
    this.sums = new SharedAnswers(elapsed);
  }
}
