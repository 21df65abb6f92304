import { namedDigests, tagFacts } from "@/lib/admission/digest";
import { storedIntent } from "@/lib/ledger/journal-line";
import { heldAmounts } from "@/lib/limits/cost";
import { asPriority, USUAL_PRIORITY } from "@/lib/limits/rules/priority";
import { storedTags } from "@/lib/limits/rules/tags";
import { heldPriceOf } from "@/lib/money/cost";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import type { ReservedOf } from "@/lib/quota/quota";

/**
 * The reservation of a running call, from its intent in the store. It does not contain the caller's address, so limits
 * per address show no reservations. Null for an unreadable intent.
 */
export function makeReservedOf(input: { policy: CurrentPolicy; digestSecret: string }): ReservedOf {
  return ({ intent: text, planIndex }) => {
    if (text === "") return null;
    const intent = storedIntent(text, planIndex);
    const { tenantId, feature, session, agent } = intent;
    const model = input.policy.snapshot.models.get(intent.servedModel);
    const tokens = {
      inputTokens: intent.reservedInputTokens ?? intent.estimatedInputTokens,
      outputTokens: intent.reservedOutputTokens,
      permits: intent.permits ?? 1,
    };
    return {
      facts: {
        tenantId,
        tierId: intent.tierId,
        keyFamilyId: intent.keyFamilyId,
        userDigest: intent.userDigest,
        ...namedDigests(input.digestSecret, tenantId, {
          feature: feature ?? null,
          session: session ?? null,
          agent: agent ?? null,
        }),
        tags: tagFacts(input.digestSecret, tenantId, storedTags(intent.tags)),
        addressDigest: "",
        endpoint: intent.endpoint,
        modelId: model?.id ?? "",
        providerId: intent.providerId,
      },
      called: {
        model: intent.servedModel,
        provider: model?.provider.slug ?? "",
        priority: asPriority(intent.priority ?? "") ?? USUAL_PRIORITY,
      },
      amounts: heldAmounts(intent.endpoint, tokens, heldPriceOf(intent)),
    };
  };
}
