/** The best call of a line in one process, by the numbers that processes compare. */
export type Offer = { readonly band: number; readonly cost: number };

/**
 * Whether a process may ask for its best call: yes, unless another process's best call goes before it by more than the
 * slack. Without slack, two processes with equal calls would wait for each other's news. With a slack of one largest
 * call per process, each stays within what the others cannot know yet.
 */
export function mayAsk(own: Offer, others: readonly Offer[], slackMicroUsd: number): boolean {
  return others.every(({ band, cost }) => own.band < band || (own.band === band && own.cost <= cost + slackMicroUsd));
}
