import type { Model } from "@/lib/providers/catalog";
import type { Upstreams } from "../upstreams";

/** How well a provider's limit is known; "none": no figure for any of the model's limits. */
export const KNOWN = ["fresh", "aged", "unknown", "none"] as const;
export type UpstreamFigures = {
  /** limits, each of one credential and model */
  readonly rooms: Readonly<Record<(typeof KNOWN)[number], number>>;
  /** credentials and models that get no calls now */
  readonly closed: number;
};

/** The state of all providers, over all their credentials: an old figure is neither "full" nor "empty". */
export function upstreamFigures(
  upstreams: Pick<Upstreams, "door" | "known">,
  models: Iterable<Model>,
): UpstreamFigures {
  const rooms = { fresh: 0, aged: 0, unknown: 0, none: 0 };
  let closed = 0;
  for (const model of models) {
    const { ways } = model.provider;
    const providers = ways.length === 0 ? [model.provider] : ways.map(({ provider }) => provider);
    for (const provider of providers) {
      const one = { ...model, provider };
      if (upstreams.door(one).kind === "closed") closed += 1;
      const known = upstreams.known(one);
      if (known.length === 0) rooms.none += 1;
      for (const kind of known) rooms[kind] += 1;
    }
  }
  return { rooms, closed };
}
