import type { Admission } from "@/lib/admission/admission";
import type { CheckState } from "@/lib/limits/decide";
import type { AppliedLimit } from "@/lib/limits/plan";
import type { Priority } from "@/lib/limits/rules/priority";
import type { Log } from "@/lib/log";
import { type Figure, figuresOf, type RoomSource, roomLimit } from "@/lib/policy/provider-room";
import type { RoomDimension, ToldRoom } from "@/lib/providers/trouble/room-headers";
import { GivenBack } from "./given-back";

/** Smaller differences are rounding: Anthropic rounds tokens to thousands. */
const NOTED_SHARE = 0.02;
/** How long corrections apply to calls that were admitted before them. */
const CORRECTED_MS = 120_000;
const PLACES_MAX = 1000;

export const NO_ROOM: readonly AppliedLimit[] = [];

function signatureOf({ dimension, capacity, windowMs, givesBack }: Figure): string {
  return `${dimension}${capacity}/${windowMs}${givesBack ? "" : " kept"}`;
}

type Made = { readonly signature: string; readonly limits: readonly AppliedLimit[] };

/**
 * The providers' own limits as limits of the provider layer: one counter for each credential, model and dimension,
 * decided with all others in the one script. Each class of calls may fill it up to its ceiling. The counter is our own.
 * If an answer shows more use, the counter is raised by the difference, so other traffic on the same credential counts
 * too. Only time and settlements lower it.
 */
export class Rooms {
  readonly #admission: Pick<Admission, "peek" | "raise">;
  readonly #log: Log;
  readonly #made = new Map<string, Made>();
  readonly #corrected = new Map<string, { atMs: number; units: number }[]>();
  readonly #givenBack = new GivenBack();

  constructor(input: { admission: Pick<Admission, "peek" | "raise">; log: Log }) {
    this.#admission = input.admission;
    this.#log = input.log;
  }

  /** The limits that a call of this class must fit; none without a known figure. The same objects until a figure changes. */
  of(source: RoomSource, priority: Priority, nowMs: number): readonly AppliedLimit[] {
    const figures = figuresOf(source, nowMs);
    if (figures.length === 0) return NO_ROOM;
    const { credentialId, upstreamName } = source;
    const id = `${priority} ${credentialId}/${upstreamName}`;
    const signature = figures.map(signatureOf).join();
    const known = this.#made.get(id);
    if (known?.signature === signature) return known.limits;
    const limits = figures.map((figure) => roomLimit(source, figure, priority));
    if (this.#made.size >= PLACES_MAX) this.#made.clear();
    this.#made.set(id, { signature, limits });
    return limits;
  }

  /**
   * Compares an answer's figures with our counters at its call's admission, at `admittedAtMs`. Where the provider
   * counted more use, the counter is raised by the difference. Runs after the call; after a failure the next answer
   * does it. Returns the dimensions for which it is now known whether the provider gives unused tokens back.
   */
  compare(
    source: RoomSource,
    told: Partial<Record<RoomDimension, ToldRoom>>,
    { states, admittedAtMs, nowMs }: { states: readonly CheckState[]; admittedAtMs: number; nowMs: number },
  ): Partial<Record<RoomDimension, boolean>> {
    const shown: Partial<Record<RoomDimension, boolean>> = {};
    for (const figure of figuresOf(source, nowMs)) {
      const room = told[figure.dimension];
      if (room === undefined) continue;
      const limit = roomLimit(source, figure, "interactive");
      const state = states.find(({ check }) => check.counter === limit.counter);
      const ours = state === undefined ? 0 : state.level + state.check.cost;
      const units = room.limit - room.remaining - ours - this.#since(limit.counter, admittedAtMs);
      const { counter } = limit;
      const look = { counter, more: units, limit: room.limit, figure, tookMs: nowMs - admittedAtMs, nowMs };
      const givesBack = this.#givenBack.look(look);
      if (givesBack !== null) shown[figure.dimension] = givesBack;
      if (units < Math.max(1, room.limit * NOTED_SHARE)) continue;
      this.#corrections(limit.counter, nowMs).push({ atMs: nowMs, units });
      void this.#lift(limit, units);
    }
    return shown;
  }

  async #lift(limit: AppliedLimit, units: number): Promise<void> {
    try {
      const { states } = await this.#admission.peek([limit]);
      const used = Math.ceil((states[0]?.level ?? 0) + units);
      await this.#admission.raise([{ limit, used, usedBefore: 0 }]);
    } catch (error) {
      this.#log.debug({ err: error }, "could not correct a provider's counter");
    }
  }

  /** Units added to a counter after a moment: calls from before do not show them. */
  #since(counter: string, atMs: number): number {
    const corrected = this.#corrected.get(counter) ?? [];
    return corrected.reduce((sum, one) => (one.atMs >= atMs ? sum + one.units : sum), 0);
  }

  #corrections(counter: string, nowMs: number): { atMs: number; units: number }[] {
    const kept = (this.#corrected.get(counter) ?? []).filter(({ atMs }) => nowMs - atMs < CORRECTED_MS);
    if (this.#corrected.size >= PLACES_MAX) this.#corrected.clear();
    this.#corrected.set(counter, kept);
    return kept;
  }
}
