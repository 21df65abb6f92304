import { roomPressure, type ShedConstants } from "./pressure";

/** A pressure below this part of a limit is none. */
const NONE = 0.01;
const ROOMS_MAX = 1000;

/**
 * How hard each room of a provider is pressed, as admitted calls met it. One room for itself: a provider that is full must not
 * shed the calls to another. Changes with the ticks only, up at once and down with the half-life. Costs a call one look-up.
 */
export class RoomPressures {
  readonly #pressures = new Map<string, number>();
  /** the fullest that each was met since the last tick */
  readonly #met = new Map<string, number>();

  /** A call was admitted, with which the room is so full; 1 = to the brim. */
  met(counter: string, usedShare: number): void {
    if (this.#met.size >= ROOMS_MAX && !this.#met.has(counter)) return;
    this.#met.set(counter, Math.max(usedShare, this.#met.get(counter) ?? 0));
  }

  tick(sinceMs: number, constants: Pick<ShedConstants, "from" | "halfLifeMs">): void {
    const kept = 0.5 ** (sinceMs / constants.halfLifeMs);
    for (const [counter, pressure] of this.#pressures) {
      if (pressure * kept < NONE) this.#pressures.delete(counter);
      else this.#pressures.set(counter, pressure * kept);
    }
    for (const [counter, usedShare] of this.#met) {
      const pressure = Math.max(roomPressure(usedShare, constants), this.#pressures.get(counter) ?? 0);
      if (this.#pressures.has(counter) || this.#pressures.size < ROOMS_MAX) this.#pressures.set(counter, pressure);
    }
    this.#met.clear();
  }

  of(counter: string): number {
    return this.#pressures.get(counter) ?? 0;
  }

  get most(): number {
    let most = 0;
    for (const pressure of this.#pressures.values()) most = Math.max(most, pressure);
    return most;
  }
}
