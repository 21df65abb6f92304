/** The best call of a line in one process, by what it is compared with those of other processes. */
export type Offer = { readonly band: number; readonly cost: number };

/**
 * Whether a process may ask for its best call, given the best ones of the others: when none of them goes before it by more than
 * the slack. Without slack two processes with equal calls would wait for each other's news; with one largest call per
 * process, each stays within what the others cannot know yet.
 */
export function mayAsk(own: Offer, others: readonly Offer[], slackMicroUsd: number): boolean {
  return others.every(({ band, cost }) => own.band < band || (own.band === band && own.cost <= cost + slackMicroUsd));
}
