import { listOf, member, textOf } from "../json/object";

export type Seen = { readonly uses: Readonly<Record<string, number>>; readonly serviceTier?: string };

/** What nearly every chunk shows. */
export const NOTHING_SEEN: Seen = { uses: {} };

/** The tier that served a completion or chunk, and whether it cites pages: then it counts as one web search. */
export function seenInChat(value: Record<string, unknown>): Seen {
  const tier = textOf(value.service_tier);
  if (tier === "" && !hasNotes(value)) return NOTHING_SEEN;
  const cites = listOf(value.choices).some((choice) =>
    listOf(member(member(choice, "message") ?? member(choice, "delta"), "annotations")).some(
      (one) => member(one, "type") === "url_citation",
    ),
  );
  return { uses: cites ? { web_search: 1 } : {}, ...(tier === "" ? {} : { serviceTier: tier }) };
}

function hasNotes(value: Record<string, unknown>): boolean {
  for (const choice of listOf(value.choices)) {
    if (member(member(choice, "message") ?? member(choice, "delta"), "annotations") !== undefined) return true;
  }
  return false;
}
