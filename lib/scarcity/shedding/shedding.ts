import type { Priority } from "@/lib/limits/rules/priority";
import { type Load, type Press, pressureOf, type ShedConstants, shedShare } from "./pressure";
import { RoomPressures } from "./room-pressures";

export type Shed = { readonly pressure: number; readonly by: Press };
/** At most one change a second: what a caller meets holds at least that long. */
const CHANGE_MS = 1000;
/** A pressure below this part of a limit counts as none. */
const NONE = 0.01;
/** The first measurement has no earlier one. */
const MOST_MS = 86_400_000;

/** A provider's limit that a call needs. */
type Room = { readonly counter: string };

/**
 * How much is shed now. It rises at once and falls with a half-life, so that a fluctuating load does not switch callers
 * on and off. Pure; time is an argument. Without pressure, a check is one comparison.
 */
export class Shedding {
  readonly #constants: () => ShedConstants;
  readonly #rooms = new RoomPressures();
  #pressure = 0;
  #by: Press = "event loop";
  #at = Number.NEGATIVE_INFINITY;

  constructor(constants: () => ShedConstants) {
    this.#constants = constants;
  }

  /** The highest pressure, of the process and of every room. */
  get hardest(): Shed {
    return this.#harder(this.#rooms.most);
  }

  /** The pressure on a call that needs these rooms. */
  on(rooms: readonly Room[]): Shed {
    let most = 0;
    for (const { counter } of rooms) most = Math.max(most, this.#rooms.of(counter));
    return this.#harder(most);
  }

  /** A call was admitted and fills a provider's room to this share. */
  met(counter: string, usedShare: number): void {
    this.#rooms.met(counter, usedShare);
  }

  /** Takes in one measurement of the load. Nothing changes within a second of the last change. */
  update(load: Load, now: number): void {
    const sinceMs = now - this.#at;
    if (sinceMs < CHANGE_MS) return;
    const constants = this.#constants();
    const { pressure, by } = pressureOf(load, constants);
    const left = this.#pressure === 0 ? 0 : this.#pressure * 0.5 ** (sinceMs / constants.halfLifeMs);
    this.#at = now;
    this.#rooms.tick(Math.min(sinceMs, MOST_MS), constants);
    if (pressure >= left) [this.#pressure, this.#by] = [pressure < NONE ? 0 : pressure, by];
    else this.#pressure = left < NONE ? 0 : left;
  }

  /** Whether a call is kept. `roll`: 0 to 1, the same for the same call. */
  verdict(priority: Priority, roll: number, { pressure }: Pick<Shed, "pressure">): "keep" | "shed" | "downgrade" {
    if (pressure <= 1) return "keep";
    const isMet = roll < this.#shareAt(pressure, priority);
    return !isMet ? "keep" : priority === "standard" ? "downgrade" : "shed";
  }

  /** The share of a class that is shed or downgraded now, where the pressure is highest. */
  share(priority: Priority): number {
    return this.#shareAt(this.hardest.pressure, priority);
  }

  #shareAt(pressure: number, priority: Priority): number {
    const constants = this.#constants();
    return constants.isOn ? shedShare(pressure, priority, constants) : 0;
  }

  #harder(ofRooms: number): Shed {
    if (ofRooms > this.#pressure) return { pressure: ofRooms, by: "provider" };
    return { pressure: this.#pressure, by: this.#by };
  }
}
