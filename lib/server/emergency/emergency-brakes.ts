import type { Log } from "@/lib/log";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import { within } from "@/lib/within";
import type { BrakeBoard } from "./brake-board";
import type { BrakeFolder } from "./brake-folder";
import { type EmergencyBrake, inForce, merged } from "./emergency-brake";

/** As soon as brakes that were set elsewhere are known with the database there. */
const LOOK_EVERY_MS = 400;
/** What an operator waits for the other processes to be able to see it. */
const BOARD_MS = 500;

type Needs = {
  readonly folder: BrakeFolder;
  /** null = there is no store that processes share */
  readonly board: BrakeBoard | null;
  readonly policy: Pick<CurrentPolicy, "hold">;
  readonly isDatabaseAway: () => boolean;
  /** which of these the database has, with their lifting */
  readonly bookedOf: (brakes: readonly EmergencyBrake[]) => Promise<readonly string[]>;
  readonly log: Log;
};

/**
 * Brakes that were set while the database was away. They are in force here at once, at the other processes of DATA_DIR
 * and of the store within half a second, and stay so over a restart, until the database has them. Fail mode: without
 * database and store each DATA_DIR has its own; without a disk this process alone. A brake that is known twice is one.
 */
export class EmergencyBrakes {
  readonly #needs: Needs;
  /** as last read of the board; kept while it does not answer */
  #onBoard: readonly EmergencyBrake[] = [];
  /** set here where neither folder nor board took it */
  readonly #own = new Map<string, EmergencyBrake>();
  /** in the database by now, with their lifting or without, and to be taken off the board */
  readonly #booked = new Map<string, "set" | "lifted">();
  #held: readonly EmergencyBrake[] = [];
  /** what the board has is known, and the database is there */
  #isBoardLevel = false;
  #isBlind = false;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** All that the database may lack, lifted ones too. */
  get held(): readonly EmergencyBrake[] {
    return this.#held;
  }

  /** Takes in what a process of before has left, and looks for news from then on. */
  start(): void {
    this.#show();
    const turn = async () => {
      await this.look();
      if (this.#timer !== null) this.#timer = setTimeout(turn, LOOK_EVERY_MS).unref();
    };
    this.#timer = setTimeout(turn, LOOK_EVERY_MS).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Sets or lifts one: in force here when this returns. Resolves when the others can know of it. */
  async put(brake: EmergencyBrake): Promise<void> {
    const { folder, board, log } = this.#needs;
    this.#own.set(brake.id, brake);
    try {
      folder.put(brake);
      this.#own.delete(brake.id);
    } catch (error) {
      log.error(
        { err: error },
        "a brake set in an emergency could not be written to DATA_DIR: it ends with this process",
      );
    }
    this.#onBoard = this.#onBoard.filter(({ id }) => id !== brake.id);
    this.#show();
    if (board === null) return;
    await within(BOARD_MS, board.put(brake)).catch((error: unknown) =>
      log.warn({ err: error }, "no other process knows of a brake: neither database nor store answers"),
    );
  }

  /** The database has it as it is given here. A lift that came while it was booked is still held. */
  forget(brake: EmergencyBrake): void {
    this.#noteBooked(brake);
    const own = this.#own.get(brake.id);
    if (own !== undefined && this.#isBooked(own)) this.#own.delete(brake.id);
    this.#needs.folder.drop(brake);
    this.#onBoard = this.#onBoard.filter((one) => !this.#isBooked(one));
    this.#show();
  }

  /** Takes up what other processes have set, lifted or booked. One look at a time; never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    try {
      if (this.#needs.board !== null) await this.#lookAtBoard(this.#needs.board);
      this.#isBlind = false;
    } catch (error) {
      if (!this.#isBlind) this.#needs.log.warn({ err: error }, "brakes set in an emergency elsewhere are not known");
      this.#isBlind = true;
    }
    const known = this.#known();
    if (known.length > 0 && !this.#needs.isDatabaseAway()) {
      // A database that has just gone: those that it has are found out when it is back.
      const booked = new Set(await this.#needs.bookedOf(known).catch(() => []));
      for (const brake of known) if (booked.has(brake.id)) this.forget(brake);
    }
    this.#show();
  }

  /** Once with the database there, for what was left on it; again and again while it is away. */
  async #lookAtBoard(board: BrakeBoard): Promise<void> {
    for (const [id, as] of this.#booked) {
      await within(BOARD_MS, board.drop(id, as));
      if (this.#booked.get(id) === as) this.#booked.delete(id);
    }
    const isAway = this.#needs.isDatabaseAway();
    if (!isAway && this.#isBoardLevel) return;
    this.#onBoard = await within(BOARD_MS, board.read());
    this.#isBoardLevel = !isAway;
    this.#keepLifts();
  }

  /** A brake that was lifted elsewhere is lifted for the other processes of DATA_DIR, too. */
  #keepLifts(): void {
    const { folder } = this.#needs;
    const holding = new Set(folder.read().flatMap(({ id, lift }) => (lift === null ? [id] : [])));
    for (const brake of this.#onBoard) if (brake.lift !== null && holding.has(brake.id)) folder.put(brake);
  }

  #known(): readonly EmergencyBrake[] {
    const onBoard = this.#onBoard.filter((brake) => !this.#isBooked(brake));
    return merged([this.#needs.folder.read(), [...this.#own.values()], onBoard]);
  }

  /** Puts what is known by now in force. */
  #show(): void {
    const { policy, isDatabaseAway, log } = this.#needs;
    const held = this.#known();
    if (JSON.stringify(held) === JSON.stringify(this.#held)) return;
    const ids = new Set(held.map(({ id }) => id));
    // Another process of DATA_DIR has seen to it: nobody else takes one away while the database is there.
    if (!isDatabaseAway()) for (const brake of this.#held) if (!ids.has(brake.id)) this.#noteBooked(brake);
    this.#held = held;
    const brakes = held.flatMap((brake) => inForce(brake) ?? []);
    const lifted = held.flatMap(({ id, lift }) => (lift === null ? [] : [id]));
    policy.hold(brakes, lifted).catch((error: unknown) => log.error({ err: error }, "brakes set in an emergency"));
  }

  #noteBooked({ id, lift }: EmergencyBrake): void {
    if (this.#booked.get(id) !== "lifted") this.#booked.set(id, lift === null ? "set" : "lifted");
  }

  #isBooked({ id, lift }: EmergencyBrake): boolean {
    const as = this.#booked.get(id);
    return as === "lifted" || (as === "set" && lift === null);
  }
}
