import { own } from "@/lib/money/own";
import type { Usage } from "@/lib/money/usage";
import { isObject, listOf, member, textOf } from "../json/object";
import { openaiUsage } from "../openai/usage";
import { withSeen } from "../usage";

/** A response's `usage`, with the tier that served it and the hosted tools in its output; null = not reported. */
export function responseUsage(response: Record<string, unknown>): Usage | null {
  const usage = isObject(response.usage) ? openaiUsage(response.usage) : null;
  return usage === null ? null : withSeen(usage, seenIn(response));
}

/** Tier and hosted tools of a response, with or without a reported usage. */
export function seenIn(response: Record<string, unknown>): Pick<Usage, "uses" | "serviceTier"> {
  const uses = usesIn(listOf(response.output));
  const tier = textOf(response.service_tier);
  return { uses, ...(tier === "" ? {} : { serviceTier: tier }) };
}

/** Names of fees, by the type of the output item that a use leaves. */
const FEES: Readonly<Record<string, string>> = {
  web_search_call: "web_search",
  x_search_call: "web_search",
  file_search_call: "file_search",
  code_interpreter_call: "code_execution",
  image_generation_call: "image_generation",
};

/** Uses of hosted tools among output items. Code is billed per container; opening a found page is not a search. */
export function usesIn(items: readonly unknown[]): Record<string, number> {
  const uses: Record<string, number> = {};
  const containers = new Set<unknown>();
  for (const item of items) {
    const fee = own(FEES, textOf(member(item, "type")));
    if (fee === undefined || member(item, "status") === "failed") continue;
    const action = member(member(item, "action"), "type");
    if (fee === "web_search" && action !== undefined && action !== "search") continue;
    if (fee === "code_execution") {
      const container = member(item, "container_id") ?? "";
      if (containers.has(container)) continue;
      containers.add(container);
    }
    uses[fee] = (uses[fee] ?? 0) + 1;
  }
  return uses;
}
