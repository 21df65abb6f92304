import { PublicError } from "@/lib/errors";
import type { Model } from "@/lib/providers/catalog";
import type { Door } from "@/lib/providers/trouble/trouble";
import type { Attempt } from "./attempt";
import { type Candidate, fallbacksOf, siblingsOf } from "./candidates";

/** The ways of a call that may be sent now, and what to do once one or none is chosen. */
export type Reach = {
  readonly ways: readonly [Candidate, ...Candidate[]];
  /** Gives up the probe of a way that was not chosen. Call it once. */
  readonly taken: (way: Candidate | null) => void;
};

type Closed = Extract<Door, { readonly kind: "closed" }>;

/**
 * Removes ways whose provider is cooling down or has already failed this call. If that removes the first way, its
 * fallback models are added. When the cool-down of a place is over, one call in the fleet takes the probe, at the cost
 * of one database request; otherwise no request is made. Throws when no way is left, with the earliest time at which
 * one opens.
 */
export async function reachable(attempt: Attempt, [first, ...others]: Reach["ways"]): Promise<Reach> {
  const { upstreams } = attempt.tools;
  const closed: Closed[] = [];
  let probed: Model | null = null;
  const isOpen = async ({ model }: Candidate): Promise<boolean> => {
    if (attempt.tried.some((one) => isSameWay(one.model, model))) return false;
    const door = upstreams.door(model);
    if (door.kind === "open" || (probed !== null && isSameWay(model, probed))) return true;
    if (door.kind === "probe" && probed === null && (await upstreams.probe(model, attempt.requestId))) {
      probed = model;
      return true;
    }
    const opensAtMs = attempt.tools.clock.now() + RETRY_PROBE_MS;
    closed.push(door.kind === "closed" ? door : { kind: "closed", opensAtMs, why: "failing" });
    return false;
  };
  const isFirstOpen = await isOpen(first);
  const ways: Candidate[] = isFirstOpen ? [first] : [];
  // A provider with known limits may have none left. Then the other ways are part of the same request.
  const standIns = isFirstOpen && first.room.length === 0 ? [] : standInsOf(attempt, first);
  const failed = new Set(attempt.tried.map(({ model }) => model.provider.id));
  // A cheaper model of the provider that has just failed does not help. A fallback model was named for this case.
  const elsewhere = others.filter(({ model }) => !failed.has(model.provider.id));
  for (const way of [...standIns, ...elsewhere]) {
    if (await isOpen(way)) ways.push(way);
  }
  const [one, ...more] = ways;
  if (one === undefined) throw allClosed(closed, first.model, attempt.tools.clock.now());
  const taken = (way: Candidate | null) => {
    if (probed !== null && (way === null || !isSameWay(way.model, probed)))
      upstreams.giveUpProbe(probed, attempt.requestId);
  };
  return { ways: [one, ...more], taken };
}

/** A provider at the limit of one credential may have capacity with another. A failing provider fails with all. */
function standInsOf(attempt: Attempt, first: Candidate): Candidate[] {
  const [siblings, fallbacks] = [siblingsOf(attempt, first), fallbacksOf(attempt, first)];
  const hasFailed = attempt.tried.some(({ why }) => why === "failed");
  return hasFailed ? [...fallbacks, ...siblings] : [...siblings, ...fallbacks];
}

function isSameWay(one: Model, other: Model): boolean {
  return one.slug === other.slug && one.provider.credentialId === other.provider.credentialId;
}

/** Longest time until the next probe. */
const RETRY_PROBE_MS = 1000;
const MS_PER_SECOND = 1000;
/** With longer waits SDKs either hammer or hang. */
const LONG_WAIT_SECONDS = 60;

/** 429 = no capacity. 503 = no way can serve. */
function allClosed(closed: readonly Closed[], model: Model, now: number): PublicError {
  const times = closed.flatMap(({ opensAtMs }) => opensAtMs ?? []);
  const seconds = times.length === 0 ? null : Math.max(1, Math.ceil((Math.min(...times) - now) / MS_PER_SECOND));
  const again = seconds === null ? "" : ` Please try again in ${seconds}s.`;
  const isLimited = closed.length > 0 && closed.every(({ why }) => why === "limited");
  const isOut = closed.length > 0 && closed.every(({ why }) => why === "taken_out");
  const message = isLimited
    ? `The provider of "${model.slug}" has reached its own limit.${again}`
    : isOut
      ? `The provider of "${model.slug}" was taken out of service by the operator.`
      : `The provider of "${model.slug}" is failing at the moment.${again}`;
  return new PublicError(isLimited ? "upstream_rate_limited" : "upstream_overloaded", message, {
    ...(seconds === null ? {} : { retryAfterSeconds: seconds }),
    passed: { shouldRetry: seconds !== null && seconds < LONG_WAIT_SECONDS },
  });
}
