import { z } from "zod";
import { DAY_MS, MINUTE_MS } from "@/lib/clock";
import { busyAfter } from "./ramp";

/** Why a provider gets no calls for a while. `limited`: it answered 429. `failing`: errors, timeouts, no connection. */
export const TROUBLE_KINDS = ["limited", "failing"] as const;
export type TroubleKind = (typeof TROUBLE_KINDS)[number];

/**
 * What all processes know of one place that calls are sent to: a credential, or one model of it. Plain data in the
 * database, so it survives a restart. Times in epoch ms of the process that wrote them.
 */
export const troubleShape = z.object({
  /** no call is sent before that; 0 = it is open */
  closedUntilMs: z.number(),
  kind: z.enum(TROUBLE_KINDS),
  /** the provider's answer, in words */
  detail: z.string(),
  /** 429s since it last served a call */
  limitedInARow: z.number(),
  /** closures since it last served a call: each doubles the pause if the provider names none */
  rounds: z.number(),
  /** the one call that may test whether it is over */
  probe: z.object({ by: z.string(), atMs: z.number(), untilMs: z.number() }).nullable(),
  closedAtMs: z.number(),
  /** limits in the provider's answers, by dimension; `givesBack`: the unused part of a reservation becomes free again */
  room: z
    .record(
      z.string(),
      z.object({
        limit: z.number(),
        windowMs: z.number(),
        heardAtMs: z.number(),
        givesBack: z.boolean().default(false),
      }),
    )
    .default({}),
  /** the used share of these limits: each 429 takes a tenth of it, and each minute without one gives some back */
  share: z.number().default(1),
  shareAtMs: z.number().default(0),
  /** since when calls come again after a quiet hour, and when one was last recorded; null = none */
  busy: z.object({ fromMs: z.number(), seenAtMs: z.number() }).nullable().default(null),
});
export type Trouble = z.infer<typeof troubleShape>;

export const NO_TROUBLE: Trouble = {
  closedUntilMs: 0,
  kind: "limited",
  detail: "",
  limitedInARow: 0,
  rounds: 0,
  probe: null,
  closedAtMs: 0,
  room: {},
  share: 1,
  shareAtMs: 0,
  busy: null,
};

type Failure = {
  readonly atMs: number;
  /** when the call was sent; one sent before the place was closed says nothing new about the pause */
  readonly sentAtMs: number;
  /** the wait that the provider asks for; null = not stated */
  readonly waitMs: number | null;
  readonly detail: string;
  readonly roll: number;
  /** The call had no other provider: until several such calls agree, its caller gets the provider's own answer. */
  readonly isLastWay?: boolean;
};

/** An event at such a place. `roll` is from 0 to 1. */
export type TroubleEvent =
  | ({ readonly kind: TroubleKind } & Failure)
  /** A call failed in a way that alone closes nothing, unless it was the probe. */
  | ({ readonly kind: "failed"; readonly by: string } & Failure)
  /** A call was served. Only the probe, or a call that ended after the pause, proves that the trouble is over. */
  | { readonly kind: "served"; readonly by: string; readonly atMs: number }
  /** The probe ended without a result, because its caller left. */
  | { readonly kind: "unproven"; readonly by: string }
  | { readonly kind: "probe"; readonly by: string; readonly atMs: number }
  /** The provider named a limit that is new, or was not seen for a while. */
  | {
      readonly kind: "room";
      readonly dimension: string;
      readonly limit: number;
      readonly windowMs: number;
      readonly atMs: number;
      readonly givesBack: boolean;
    }
  /** Calls are sent after a time without any. */
  | { readonly kind: "busy"; readonly atMs: number }
  /** An operator reopened it: earlier events are forgotten. */
  | { readonly kind: "reopened"; readonly atMs: number };

/** The first pause of a place whose provider names none, by kind. It doubles with each round. */
const FIRST_PAUSE_MS: Readonly<Record<TroubleKind, number>> = { limited: 1000, failing: 5000 };
const LAST_PAUSE_MS = 120_000;
/** Providers name resets of up to a day. A longer one is not reliable. */
const NAMED_PAUSE_MAX_MS = DAY_MS;
/** So that a fleet does not return at the same moment. */
const JITTER_SHARE = 0.1;
/** A probe whose process died blocks no other for longer. */
export const PROBE_MS = 15_000;
/** In the whole fleet, one probe a second. */
export const PROBE_EVERY_MS = 1000;

/** The place after an event. A second cool-down extends the first and never shortens it. */
export function placeAfter(trouble: Trouble, event: TroubleEvent): Trouble {
  switch (event.kind) {
    case "limited":
    case "failing":
      return closed(trouble, event.kind, event);
    case "failed":
      return trouble.probe?.by === event.by ? closed(trouble, "failing", event) : trouble;
    case "served":
      return event.atMs >= trouble.closedUntilMs || trouble.probe?.by === event.by ? over(trouble) : trouble;
    case "unproven":
      return trouble.probe?.by === event.by ? { ...trouble, probe: { ...trouble.probe, untilMs: 0 } } : trouble;
    case "probe":
      return { ...trouble, probe: { by: event.by, atMs: event.atMs, untilMs: event.atMs + PROBE_MS } };
    case "reopened":
      return trouble.closedAtMs < event.atMs ? over(trouble) : trouble;
    case "busy":
      return { ...trouble, busy: busyAfter(trouble, event.atMs) };
    case "room": {
      const { dimension, limit, windowMs, givesBack, atMs: heardAtMs } = event;
      return { ...trouble, room: { ...trouble.room, [dimension]: { limit, windowMs, heardAtMs, givesBack } } };
    }
    default:
      return event satisfies never;
  }
}

/** Known room stays. */
function over({ room, share, shareAtMs, busy }: Trouble): Trouble {
  return { ...NO_TROUBLE, room, share, shareAtMs, busy };
}

/** How much a 429 takes of the share, and its minimum: below it, the limits themselves must be wrong. */
const CUT = 0.9;
const SHARE_MIN = 0.3;
const GAIN_PER_MINUTE = 0.02;

/** The share of the stated limits that may be used now. */
export function shareOf({ share, shareAtMs }: Trouble, nowMs: number): number {
  return Math.min(1, share + GAIN_PER_MINUTE * Math.floor(Math.max(0, nowMs - shareAtMs) / MINUTE_MS));
}

/** This many 429s in a row close a place for calls without another provider. */
export const LAST_WAY_LIMITED = 4;

function closed(trouble: Trouble, kind: TroubleKind, failure: Failure): Trouble {
  const { atMs, sentAtMs, waitMs, detail, roll, isLastWay = false } = failure;
  const isNewRound = trouble.closedUntilMs === 0 || sentAtMs >= trouble.closedAtMs;
  const rounds = trouble.rounds + (isNewRound ? 1 : 0);
  const usualMs = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS[kind] * 2 ** Math.max(0, rounds - 1));
  const pauseMs = Math.min(NAMED_PAUSE_MAX_MS, waitMs ?? usualMs);
  const untilMs = Math.ceil(atMs + pauseMs * (1 + JITTER_SHARE * roll));
  const limitedInARow = trouble.limitedInARow + (kind === "limited" ? 1 : 0);
  if (kind === "limited" && isLastWay && trouble.closedUntilMs === 0 && limitedInARow < LAST_WAY_LIMITED) {
    const share = Math.max(SHARE_MIN, shareOf(trouble, atMs) * CUT);
    return { ...trouble, kind, detail, limitedInARow, share, shareAtMs: atMs };
  }
  // An earlier call that returns late neither ends the probe nor changes the reason for the closure.
  if (!isNewRound) {
    const later = Math.max(trouble.closedUntilMs, untilMs);
    return { ...trouble, limitedInARow, closedUntilMs: later };
  }
  const cut = kind === "limited" ? { share: Math.max(SHARE_MIN, shareOf(trouble, atMs) * CUT), shareAtMs: atMs } : {};
  return {
    ...trouble,
    ...cut,
    kind,
    detail,
    limitedInARow,
    rounds,
    probe: null,
    closedUntilMs: Math.max(trouble.closedUntilMs, untilMs),
    closedAtMs: atMs,
  };
}

/**
 * Whether calls may be sent to a place. `probe`: the pause is over, and one call may test it. `opensAtMs` of a closed
 * one: when the next probe may be sent; null = an operator must reopen it. A place that was closed before an operator
 * reopened it is open.
 */
export type Door =
  | { readonly kind: "open" | "probe" }
  | { readonly kind: "closed"; readonly opensAtMs: number | null; readonly why: TroubleKind | "taken_out" };

export function doorOf(trouble: Trouble | undefined, nowMs: number, reopenedAtMs = 0): Door {
  if (trouble === undefined || trouble.closedUntilMs === 0) return { kind: "open" };
  if (trouble.closedAtMs < reopenedAtMs) return { kind: "open" };
  const { closedUntilMs, probe, kind } = trouble;
  if (nowMs < closedUntilMs) return { kind: "closed", opensAtMs: closedUntilMs, why: kind };
  const nextMs = probe === null ? 0 : Math.max(probe.untilMs, probe.atMs + PROBE_EVERY_MS);
  // While a probe is out its return time is unknown, so callers check again soon.
  if (nowMs < nextMs) return { kind: "closed", opensAtMs: Math.min(nextMs, nowMs + PROBE_EVERY_MS), why: kind };
  return { kind: "probe" };
}

/** The stricter of two doors, both of which a call must pass. */
export function narrower(one: Door, other: Door): Door {
  if (one.kind === "closed" && other.kind === "closed") {
    if (one.opensAtMs === null || other.opensAtMs === null) return one.opensAtMs === null ? one : other;
    return one.opensAtMs >= other.opensAtMs ? one : other;
  }
  if (one.kind === "closed" || other.kind === "closed") return one.kind === "closed" ? one : other;
  return one.kind === "probe" ? one : other;
}
