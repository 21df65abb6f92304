import type { Priority } from "@/lib/limits/rules/priority";
import { type Load, type Press, pressureOf, type ShedConstants, shedShare } from "./pressure";

export type Shed = { readonly pressure: number; readonly by: Press };
/** At most one change a second: what a caller meets holds for as long. */
const CHANGE_MS = 1000;
/** A pressure below this part of a limit is none. */
const NONE = 0.01;

/**
 * How much is shed now: up at once, down with a half-life, so that a load which comes and goes does not switch callers on and
 * off. Pure; time comes in. Without pressure a look at it is one comparison.
 */
export class Shedding {
  readonly #constants: () => ShedConstants;
  #pressure = 0;
  #by: Press = "event loop";
  #at = Number.NEGATIVE_INFINITY;

  constructor(constants: () => ShedConstants) {
    this.#constants = constants;
  }

  get pressure(): number {
    return this.#pressure;
  }

  get by(): Press {
    return this.#by;
  }

  /** Takes one look at the load in. Nothing changes within a second of the last change. */
  update(load: Load, now: number): void {
    const sinceMs = now - this.#at;
    if (sinceMs < CHANGE_MS) return;
    const constants = this.#constants();
    const { pressure, by } = pressureOf(load, constants);
    const left = this.#pressure === 0 ? 0 : this.#pressure * 0.5 ** (sinceMs / constants.halfLifeMs);
    this.#at = now;
    if (pressure >= left) [this.#pressure, this.#by] = [pressure < NONE ? 0 : pressure, by];
    else this.#pressure = left < NONE ? 0 : left;
  }

  /** Whether a call is kept. `roll`: 0 to 1, the same for the same call. */
  verdict(priority: Priority, roll: number): "keep" | "shed" | "downgrade" {
    if (this.#pressure <= 1) return "keep";
    const isMet = roll < this.share(priority);
    return !isMet ? "keep" : priority === "standard" ? "downgrade" : "shed";
  }

  /** The part of a class that is shed, or downgraded, at this moment. */
  share(priority: Priority): number {
    const constants = this.#constants();
    return constants.isOn ? shedShare(this.#pressure, priority, constants) : 0;
  }
}
