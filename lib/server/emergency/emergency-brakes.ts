import type { Log } from "@/lib/log";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import { within } from "@/lib/within";
import type { BrakeBoard } from "./brake-board";
import type { BrakeFolder } from "./brake-folder";
import { type EmergencyBrake, inForce, merged } from "./emergency-brake";

/** As fast as brakes from elsewhere are known while the database is there. */
const LOOK_EVERY_MS = 400;
/** Longest wait of an operator until the other processes can see the brake. */
const BOARD_MS = 500;

type Needs = {
  readonly folder: BrakeFolder;
  /** null = no shared store */
  readonly board: BrakeBoard | null;
  readonly policy: Pick<CurrentPolicy, "hold">;
  readonly isDatabaseAway: () => boolean;
  /** the ones of these that are in the database, with their lifts */
  readonly bookedOf: (brakes: readonly EmergencyBrake[]) => Promise<readonly string[]>;
  readonly log: Log;
};

/**
 * Brakes that were set while the database was away. They are in force here at once, and within half a second at the other
 * processes of DATA_DIR and of the store. They survive a restart, until they are in the database. Fail mode: without
 * database and store each DATA_DIR has its own; without a disk, each process. The same brake from two places counts once.
 */
export class EmergencyBrakes {
  readonly #needs: Needs;
  /** as last read from the board; kept while the board does not answer */
  #onBoard: readonly EmergencyBrake[] = [];
  /** set here while neither folder nor board accepted it */
  readonly #own = new Map<string, EmergencyBrake>();
  /** in the database by now, lifted or not; to be removed from the board */
  readonly #booked = new Map<string, "set" | "lifted">();
  #held: readonly EmergencyBrake[] = [];
  /** the board was read, and the database is there */
  #isBoardLevel = false;
  #isBlind = false;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** All brakes that may be missing in the database, lifted ones too. */
  get held(): readonly EmergencyBrake[] {
    return this.#held;
  }

  /** Loads the brakes of an earlier process, and polls for changes from then on. */
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

  /** Sets or lifts one: in force here when this returns. Resolves when the other processes can see it. */
  async put(brake: EmergencyBrake): Promise<void> {
    const { folder, board, log } = this.#needs;
    this.#own.set(brake.id, brake);
    try {
      folder.put(brake);
      this.#own.delete(brake.id);
    } catch (error) {
      log.error({ err: error }, "could not write an emergency brake to DATA_DIR: it ends with this process");
    }
    this.#onBoard = this.#onBoard.filter(({ id }) => id !== brake.id);
    this.#show();
    if (board === null) return;
    await within(BOARD_MS, board.put(brake)).catch((error: unknown) =>
      log.warn({ err: error }, "neither database nor store answers: only this process knows of the brake"),
    );
  }

  /** It is in the database in this state. A lift that came during the booking is kept. */
  forget(brake: EmergencyBrake): void {
    this.#noteBooked(brake);
    const own = this.#own.get(brake.id);
    if (own !== undefined && this.#isBooked(own)) this.#own.delete(brake.id);
    this.#needs.folder.drop(brake);
    this.#onBoard = this.#onBoard.filter((one) => !this.#isBooked(one));
    this.#show();
  }

  /** Adopts brakes that other processes have set, lifted or booked. One poll at a time; never rejects. */
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
      if (!this.#isBlind) this.#needs.log.warn({ err: error }, "could not read emergency brakes of other processes");
      this.#isBlind = true;
    }
    const known = this.#known();
    if (known.length > 0 && !this.#needs.isDatabaseAway()) {
      // The database has just gone. When it is back, the brakes that it already has are found.
      const booked = new Set(await this.#needs.bookedOf(known).catch(() => []));
      for (const brake of known) if (booked.has(brake.id)) this.forget(brake);
    }
    this.#show();
  }

  /** One poll while the database is there, for brakes left on the board; repeated polls while it is away. */
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

  /** A lift from elsewhere also applies to the other processes of DATA_DIR. */
  #keepLifts(): void {
    const { folder } = this.#needs;
    const holding = new Set(folder.read().flatMap(({ id, lift }) => (lift === null ? [id] : [])));
    for (const brake of this.#onBoard) if (brake.lift !== null && holding.has(brake.id)) folder.put(brake);
  }

  #known(): readonly EmergencyBrake[] {
    const onBoard = this.#onBoard.filter((brake) => !this.#isBooked(brake));
    return merged([this.#needs.folder.read(), [...this.#own.values()], onBoard]);
  }

  /** Enforces all brakes known by now. */
  #show(): void {
    const { policy, isDatabaseAway, log } = this.#needs;
    const held = this.#known();
    if (JSON.stringify(held) === JSON.stringify(this.#held)) return;
    const ids = new Set(held.map(({ id }) => id));
    // Another process of DATA_DIR has booked it. Nothing else removes a brake while the database is there.
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
