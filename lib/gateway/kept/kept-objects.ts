import type { Database } from "@/db/client";
import {
  addKept,
  billedKept,
  dueBatches,
  findKept,
  forgetKept,
  type KeptKind,
  type KeptObject,
  listKept,
  ownersOfKept,
  submittedRow,
} from "@/db/queries/books/kept";
import { PublicError } from "@/lib/errors";
import { isObject, parseJson } from "@/lib/wire/json/object";
import { within } from "@/lib/within";

type New = Omit<KeptObject, "createdAt">;

/** Member of an object that an answer made: the id of the call, or of the last of several. */
export const MADE_BY = "made_by";

/**
 * Objects that providers store for tenants: files, batches, and what responses created. Fail mode: while the database is
 * away, owners are unknown, and files and batches are not served. What responses created waits in memory, up to a bound.
 */
export class KeptObjects {
  readonly #db: Database;
  /** what answers made, by its id, until it is written */
  #made = new Map<string, KeptObject>();
  #writing: Promise<void> | null = null;

  constructor(db: Database) {
    this.#db = db;
  }

  async add(objects: readonly New[], now: number): Promise<void> {
    const createdAt = new Date(now);
    await known(
      addKept(
        this.#db,
        objects.map((one) => ({ ...one, object: storable(one.object), createdAt })),
      ),
    );
  }

  /** Records what a response created. It is written shortly afterwards; this process knows it at once. */
  made(objects: readonly New[], now: number): void {
    const createdAt = new Date(now);
    for (const object of objects) {
      const known = this.#made.get(object.id);
      if (known === undefined && this.#made.size >= MADE_MAX) return;
      if (known === undefined || known.tenantId === object.tenantId)
        this.#made.set(object.id, { ...object, createdAt });
    }
    if (objects.length > 0) this.#writing ??= this.#writeSoon();
  }

  /** Writes what is still waiting. */
  async stop(): Promise<void> {
    await this.#writing;
    await this.#write();
  }

  async #writeSoon(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, WRITE_AFTER_MS).unref());
    await this.#write();
    this.#writing = null;
    if (this.#made.size > 0) this.#writing = this.#writeSoon();
  }

  /** What cannot be written is tried again. */
  async #write(): Promise<void> {
    const some = [...this.#made.values()].slice(0, WRITTEN_AT_ONCE);
    if (some.length === 0) return;
    const isWritten = await within(WAIT_MS, addKept(this.#db, some)).then(
      () => true,
      () => false,
    );
    if (!isWritten) return;
    // It may have been made again meanwhile.
    for (const one of some) if (this.#made.get(one.id) === one) this.#made.delete(one.id);
  }

  /** A tenant's object; null = no object with that id. */
  async of(tenantId: string, id: string, kind: KeptKind): Promise<KeptObject | null> {
    const found = await known(findKept(this.#db, [id]));
    return found.find((one) => one.tenantId === tenantId && one.kind === kind) ?? null;
  }

  /**
   * Splits ids into those of this tenant, with what is known of them, and those of another tenant alone. Other ids are
   * unknown.
   */
  async ownersOf(
    tenantId: string,
    ids: readonly string[],
  ): Promise<{ readonly own: ReadonlyMap<string, KeptObject["object"]>; readonly others: ReadonlySet<string> }> {
    const waiting = ids.flatMap((id) => this.#made.get(id) ?? []);
    const written = await known(ownersOfKept(this.#db, ids));
    // The newest last.
    const found = [...written, ...waiting];
    const own = new Map(found.flatMap((one) => (one.tenantId === tenantId ? [[one.id, one.object] as const] : [])));
    return { own, others: new Set(found.map(({ id }) => id).filter((id) => !own.has(id))) };
  }

  list(input: Parameters<typeof listKept>[1]): Promise<KeptObject[]> {
    return known(listKept(this.#db, input));
  }

  forget(object: KeptObject): Promise<void> {
    return known(forgetKept(this.#db, object));
  }

  /** For the job that looks for the end of batches. */
  due(now: number, most: number): Promise<KeptObject[]> {
    return dueBatches(this.#db, new Date(now), most);
  }

  submittedRow(requestId: string): ReturnType<typeof submittedRow> {
    return submittedRow(this.#db, requestId);
  }

  billed(object: KeptObject): Promise<void> {
    return billedKept(this.#db, object);
  }
}

/** U+0000, and half a surrogate pair, as JSON writes them. Any other escape is passed over as a whole. */
const ESCAPE = /\\(?:u(0000|d[89a-f][0-9a-f]{2})|.)/g;

/**
 * A provider's description without characters that PostgreSQL does not store. It may repeat a name that the caller
 * chose, and the owner must be recorded in any case.
 */
export function storable(object: KeptObject["object"]): KeptObject["object"] {
  const text = JSON.stringify(object);
  if (!text.includes("\\u")) return object;
  const told = parseJson(text.replace(ESCAPE, (whole, bad?: string) => (bad === undefined ? whole : "\\ufffd")));
  // Never more levels than the answer that it came from had.
  return isObject(told) ? told : {};
}

const WAIT_MS = 2000;
const WRITE_AFTER_MS = 100;
const WRITTEN_AT_ONCE = 500;
/** Some 20 MB. */
const MADE_MAX = 20_000;

async function known<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await within(WAIT_MS, work);
  } catch (cause) {
    const message = "The owner of these files and batches cannot be read at the moment. Please try again shortly.";
    throw new PublicError("limiter_unavailable", message, { cause, retryAfterSeconds: 2 });
  }
}
