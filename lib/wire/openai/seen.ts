import { listOf, member, textOf } from "../json/object";

export type Seen = { uses: Record<string, number>; serviceTier?: string };

/** The tier that served a completion or chunk, and whether it cites pages: then it has searched the web once, as it may. */
export function seenInChat(value: Record<string, unknown>): Seen {
  const tier = textOf(value.service_tier);
  const cites = listOf(value.choices).some((choice) =>
    listOf(member(member(choice, "message") ?? member(choice, "delta"), "annotations")).some(
      (one) => member(one, "type") === "url_citation",
    ),
  );
  return { uses: cites ? { web_search: 1 } : {}, ...(tier === "" ? {} : { serviceTier: tier }) };
}
