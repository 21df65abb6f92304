import type { Call } from "@/lib/wire/call";
import { estimateInputTokens } from "../attempt/estimate";
import { jsonReply, type Reply } from "../exchange/exchange";
import type { OpenCall } from "../running/open-call";

/**
 * The answer to an admitted count_tokens call for a provider that cannot count: our own estimate, which is what an
 * admission would reserve. It counts as one request, as with a provider that counts.
 */
export async function countHere(call: Call, open: OpenCall, headers: Readonly<Record<string, string>>): Promise<Reply> {
  await open.finish("complete", true);
  return jsonReply(200, { input_tokens: estimateInputTokens(call) }, headers);
}
