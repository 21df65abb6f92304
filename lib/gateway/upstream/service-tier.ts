import type { Priority } from "@/lib/limits/rules/priority";
import type { Model } from "@/lib/providers/catalog";
import type { Call } from "@/lib/wire/call";

/**
 * The service tier that a call is sent with; null = none. The caller's choice holds. Otherwise the operator may map its
 * priority to a tier, but only if that tier has a price: nothing is bought without a known price.
 */
export function serviceTierFor({ asks, endpoint }: Call, model: Model, priority: Priority): string | null {
  const { dialect, serviceTiers } = model.provider;
  const mapped = serviceTiers[priority];
  if (asks.serviceTier !== null || mapped === undefined || dialect !== "openai" || !TIERED.has(endpoint)) {
    return asks.serviceTier;
  }
  return model.price?.serviceTiers?.[mapped] === undefined ? null : mapped;
}

/** Endpoints whose bodies name a service tier; messages are translated into one of them. */
const TIERED: ReadonlySet<Call["endpoint"]> = new Set(["chat", "responses", "messages"]);
