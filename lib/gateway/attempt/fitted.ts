import type { AdmitReply } from "@/lib/admission/admission";
import {
  isTrimmable,
  type Left,
  lastOffers,
  leftAfter,
  nextOffers,
  type Offer,
  type Way,
} from "@/lib/limits/ladder/fitting";
import { appliedLimits } from "@/lib/policy/compile";
import type { Policy } from "@/lib/policy/policy";
import type { Call } from "@/lib/wire/call";
import { type Candidate, trimmed } from "./candidates";

type Offers<W extends Way> = readonly [Offer<W>, ...Offer<W>[]];

/**
 * Number of new measurements when other calls take the measured capacity first. After that, fixed steps are offered.
 */
const RACES_MAX = 1;

/**
 * Asks the store until the first possible way serves the call with the most output that fits now, or the call is
 * refused. One request if the call is admitted as asked or no way may be trimmed. Two if it is trimmed (the first
 * refusal says what is left, the second asks for exactly that) or refused. More only if other calls take the rest in
 * between, or a cheaper model has limits of its own. Only the last answer counts as a refusal of the caller (`isLast`).
 */
export async function fitted<W extends Way, Answer extends { readonly decision: AdmitReply }>(
  ways: readonly [W, ...W[]],
  ask: (offers: Offers<W>, isLast: boolean) => Promise<Answer>,
): Promise<Answer> {
  const [first, ...others] = ways;
  const whole = (way: W): Offer<W> => ({ way, each: way.most });
  if (!isTrimmable(ways)) return ask([whole(first), ...others.map(whole)], true);
  let left: Left = new Map();
  let offers: readonly Offer<W>[] = [whole(first)];
  for (let round = 0; round <= ways.length + RACES_MAX; round++) {
    const [one, ...more] = offers;
    if (one === undefined) break;
    const answer = await ask([one, ...more], false);
    if (answer.decision.kind !== "deny") return answer;
    left = leftAfter(left, answer.decision.states);
    offers = nextOffers(ways, left);
  }
  return ask(lastOffers(ways, left), true);
}

/** A candidate as a way of its size. */
export type CandidateWay = Way & { readonly candidate: Candidate };

export function wayOf(candidate: Candidate, call: Call, policy: Policy, now: number): CandidateWay {
  const { model, subject, tokens, outputTokensEach, leastOutputTokensEach } = candidate;
  const called = { model: model.slug, provider: model.provider.slug, priority: subject.priority };
  return {
    candidate,
    limits: () => appliedLimits(policy, subject.facts, called, now),
    inputTokens: tokens.inputTokens,
    outputTokens: tokens.outputTokens,
    permits: tokens.permits,
    price: candidate.price,
    choices: call.choices,
    most: outputTokensEach,
    least: leastOutputTokensEach,
  };
}

export function offered({ way, each }: Offer<CandidateWay>, call: Call): Candidate {
  return trimmed(way.candidate, each, call);
}
