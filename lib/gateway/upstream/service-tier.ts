import type { Priority } from "@/lib/limits/rules/priority";
import type { Model } from "@/lib/providers/catalog";
import type { Call } from "@/lib/wire/call";

/**
 * The service tier that a call is sent with; null = none is named. What its caller asks for holds. Otherwise its priority may
 * stand for one, if the operator says so, and only where that tier has a price: nothing is bought that nobody has priced.
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
