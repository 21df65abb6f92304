import type { Clock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import {
  type Door,
  doorOf,
  NO_TROUBLE,
  narrower,
  placeAfter,
  type Trouble,
  type TroubleEvent,
  troubleShape,
} from "@/lib/providers/trouble/trouble";

/** One stored place. To write the next revision, a process must have read this one. */
export type KeptPlace = {
  readonly id: string;
  readonly providerId: string;
  readonly revision: number;
  readonly state: unknown;
  readonly changedAt: Date;
};

/** Where all processes store what they know of places. Both reject while it is away. */
export type PlaceStore = {
  since(moment: Date): Promise<readonly KeptPlace[]>;
  /** Null: written. Otherwise another process wrote this before. */
  write(place: Omit<KeptPlace, "changedAt">): Promise<KeptPlace | null>;
};

/** Where a call is sent: a credential of a provider, and the provider's name of the model. */
export type Place = {
  readonly providerId: string;
  readonly credentialId: string;
  readonly upstreamName: string;
  /** epoch ms; places that were closed before then are open */
  readonly reopenedAtMs: number;
};

type Known = { trouble: Trouble; revision: number; providerId: string; readonly untold: TroubleEvent[] };

/** A row may be committed this long after its timestamp, so the overlap is read again. */
const OVERLAP_MS = 5000;
/** Tries to write one change while others write the same place. After that the next round continues. */
const WRITES_MAX = 8;

/**
 * What this process knows of every place that calls are sent to, shared with all processes through the database. Each
 * change applies here at once, is written after the call, and reaches the others within half a second. Writing is
 * compare-and-set over one pure step, so changes of several processes add up in any order. Fail mode: while the
 * database is away each process goes on with its own state, and writes it later.
 */
export class Places {
  readonly #store: PlaceStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #known = new Map<string, Known>();
  readonly #writing = new Map<string, Promise<void>>();
  #readUntil = new Date(OVERLAP_MS);

  constructor(input: { store: PlaceStore; clock: Clock; log: Log }) {
    this.#store = input.store;
    this.#clock = input.clock;
    this.#log = input.log;
  }

  /** Whether a call may go there now. No look-up while no place has trouble. */
  door(place: Place): Door {
    if (this.#known.size === 0) return OPEN;
    const now = this.#clock.now();
    return narrower(
      doorOf(this.#known.get(place.credentialId)?.trouble, now, place.reopenedAtMs),
      doorOf(this.#known.get(modelPlace(place))?.trouble, now, place.reopenedAtMs),
    );
  }

  /** What is known of a credential's model. */
  troubleOf(place: Place): Trouble | undefined {
    return this.#known.get(modelPlace(place))?.trouble;
  }

  /** Applies an event, and writes it without blocking the caller. */
  note(where: "credential" | "model", place: Place, event: TroubleEvent): void {
    const id = where === "model" ? modelPlace(place) : place.credentialId;
    const known = this.#known.get(id);
    // A place without trouble has nothing to end, and no probe.
    if (known === undefined && (event.kind === "served" || event.kind === "unproven" || event.kind === "failed"))
      return;
    const now = known ?? { trouble: NO_TROUBLE, revision: 0, providerId: place.providerId, untold: [] };
    const isReopened = now.trouble.closedUntilMs > 0 && now.trouble.closedAtMs < place.reopenedAtMs;
    if (isReopened) this.#fold(now, { kind: "reopened", atMs: place.reopenedAtMs });
    const changed = placeAfter(now.trouble, event);
    if (changed === now.trouble || (event.kind === "served" && isUntroubled(now.trouble))) return;
    this.#fold(now, event);
    this.#known.set(id, now);
    void this.#write(id);
  }

  /**
   * Takes the one probe of a place whose pause is over. False: another call has it, here or elsewhere. While the
   * database is away the process decides alone.
   */
  async probe(place: Place, by: string): Promise<boolean> {
    const taken: string[] = [];
    for (const id of [place.credentialId, modelPlace(place)]) {
      const known = this.#known.get(id);
      const now = this.#clock.now();
      const door = doorOf(known?.trouble, now, place.reopenedAtMs);
      if (known === undefined || door.kind === "open") continue;
      if (door.kind === "closed") return false;
      const event: TroubleEvent = { kind: "probe", by, atMs: now };
      this.#fold(known, event);
      taken.push(id);
    }
    await Promise.all(taken.map((id) => this.#write(id)));
    return taken.every((id) => this.#known.get(id)?.trouble.probe?.by === by);
  }

  #fold(known: Known, event: TroubleEvent): void {
    known.trouble = placeAfter(known.trouble, event);
    known.untold.push(event);
  }

  /** A background job: reads changes of other processes, and writes those that could not be written before. */
  async round(): Promise<void> {
    const rows = await this.#store.since(new Date(this.#readUntil.getTime() - OVERLAP_MS));
    for (const row of rows) {
      this.#take(row);
      if (row.changedAt > this.#readUntil) this.#readUntil = row.changedAt;
    }
    await Promise.all([...this.#known].flatMap(([id, { untold }]) => (untold.length > 0 ? this.#write(id) : [])));
  }

  #take(row: KeptPlace): void {
    const read = troubleShape.safeParse(row.state);
    const known = this.#known.get(row.id);
    if (!read.success || (known !== undefined && row.revision <= known.revision)) return;
    const untold = known?.untold ?? [];
    const trouble = untold.reduce(stepped, read.data);
    this.#known.set(row.id, { trouble, revision: row.revision, providerId: row.providerId, untold });
  }

  /** Writes to one place run one after the other. Never rejects. */
  #write(id: string): Promise<void> {
    const before = this.#writing.get(id);
    if (before !== undefined) return before.then(() => this.#write(id));
    const writing = this.#writeOnce(id)
      .catch((error: unknown) =>
        this.#log.warn({ err: error, place: id }, "could not write a provider's state; retrying"),
      )
      .finally(() => this.#writing.delete(id));
    this.#writing.set(id, writing);
    return writing;
  }

  async #writeOnce(id: string): Promise<void> {
    for (let write = 0; write < WRITES_MAX; write++) {
      const known = this.#known.get(id);
      if (known === undefined || known.untold.length === 0) return;
      const { providerId, revision, trouble: state, untold } = known;
      const told = untold.length;
      const other = await this.#store.write({ id, providerId, revision, state });
      const current = this.#known.get(id);
      if (current === undefined) return;
      if (other === null && current.revision === revision) {
        current.revision = revision + 1;
        current.untold.splice(0, told);
      } else if (other !== null) this.#take(other);
    }
  }
}

const OPEN: Door = { kind: "open" };

function isUntroubled({ closedUntilMs, limitedInARow }: Trouble): boolean {
  return closedUntilMs === 0 && limitedInARow === 0;
}

/** A probe of another process is not taken over. */
function stepped(trouble: Trouble, event: TroubleEvent): Trouble {
  if (event.kind === "probe" && doorOf(trouble, event.atMs).kind !== "probe") return trouble;
  return placeAfter(trouble, event);
}

function modelPlace({ credentialId, upstreamName }: Place): string {
  return `${credentialId}/${upstreamName}`;
}
