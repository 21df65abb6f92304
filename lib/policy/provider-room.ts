import { ceilingOf } from "@/lib/limits/headroom/ceiling";
import { type Headroom, headroomOf } from "@/lib/limits/headroom/headroom";
import type { AppliedLimit } from "@/lib/limits/plan";
import type { Priority } from "@/lib/limits/rules/priority";
import type { Provider } from "@/lib/providers/catalog";
import { rampShare } from "@/lib/providers/trouble/ramp";
import { MINUTE_WINDOW_MS, ROOM_DIMENSIONS, type RoomDimension } from "@/lib/providers/trouble/room-headers";
import { NO_TROUBLE, shareOf, type Trouble } from "@/lib/providers/trouble/trouble";

/**
 * Our counter runs slightly behind the provider's, because calls take time to arrive. This share of each limit stays
 * unused.
 */
const MARGIN_SHARE = 0.02;

/** Known limits of one credential's model, and their source. */
export type RoomSource = {
  readonly credentialId: string;
  readonly upstreamName: string;
  readonly provider: Provider;
  readonly trouble: Trouble | undefined;
};

export type Figure = {
  readonly dimension: RoomDimension;
  readonly capacity: number;
  readonly windowMs: number;
  readonly known: Headroom["kind"];
  readonly heardAtMs: number | null;
  /** Whether the provider refunds unused tokens of a call. Otherwise it counts the maximum. */
  readonly givesBack: boolean;
};

/** What may be used per window, before any class's ceiling. */
export function figuresOf({ provider, trouble = NO_TROUBLE }: RoomSource, nowMs: number): readonly Figure[] {
  const { requestsPerMinute, tokensPerMinute } = provider;
  // As it is for most: nobody has a figure, and every call asks.
  if (trouble === NO_TROUBLE && requestsPerMinute === null && tokensPerMinute === null) return NO_FIGURES;
  const share = shareOf(trouble, nowMs) * (provider.ramps ? rampShare(trouble, nowMs) : 1);
  return ROOM_DIMENSIONS.flatMap((dimension) => {
    const named = trouble.room[dimension];
    const operator = operatorFigure(provider, dimension);
    // Figures of operators are for a minute; a limit by the day is held beside them, not against them.
    const isMinute = named === undefined || named.windowMs === MINUTE_WINDOW_MS;
    const reading =
      named === undefined ? null : { limit: named.limit, remaining: 0, atMs: named.heardAtMs, resetAtMs: null };
    const { capacity, kind: known } = headroomOf(reading, isMinute ? operator : null, nowMs);
    if (capacity === null) return [];
    const used = Math.floor(capacity * share);
    const most = Math.max(1, used - Math.max(1, Math.ceil(used * MARGIN_SHARE)));
    const windowMs = named?.windowMs ?? MINUTE_WINDOW_MS;
    const heardAtMs = named?.heardAtMs ?? null;
    return { dimension, capacity: most, windowMs, known, heardAtMs, givesBack: named?.givesBack ?? false };
  });
}

const NO_FIGURES: readonly Figure[] = [];

function operatorFigure(provider: Provider, dimension: RoomDimension): number | null {
  if (dimension === "requests") return provider.requestsPerMinute;
  return dimension === "total_tokens" ? provider.tokensPerMinute : null;
}

/** A provider's own limit as calls of one class have to fit it. */
export function roomLimit(
  { credentialId, upstreamName }: Pick<RoomSource, "credentialId" | "upstreamName">,
  figure: Figure,
  priority: Priority,
): AppliedLimit {
  const { dimension, capacity, windowMs, givesBack } = figure;
  const subject = `provider:${credentialId}:${upstreamName}`;
  const slotId = `room ${dimension}/${windowMs}`;
  return {
    limitId: `provider's ${dimension.replace("_", " ")}`,
    layer: "provider",
    dimension,
    subject,
    slotId,
    counter: `${subject}#${slotId}`,
    rule: {
      algorithm: "token_bucket",
      capacity: ceilingOf(capacity, priority),
      refill: capacity,
      periodMs: windowMs,
      credit: 0,
      bounds: null,
    },
    observe: false,
    isPart: true,
    ...(givesBack ? {} : { isKept: true }),
  };
}
