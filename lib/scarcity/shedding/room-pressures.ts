import { roomPressure, type ShedConstants } from "./pressure";

/** A pressure below this part of a limit counts as none. */
const NONE = 0.01;
const ROOMS_MAX = 1000;

/**
 * The pressure of each provider room, as admitted calls found it. Rooms are separate: a full provider must not shed the
 * calls to another. Changes only with the ticks: up at once, and down with the half-life. Costs a call one look-up.
 */
export class RoomPressures {
  readonly #pressures = new Map<string, number>();
  /** the highest used share of each room since the last tick */
  readonly #met = new Map<string, number>();

  /** A call was admitted and fills the room to this share; 1 = full. */
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
