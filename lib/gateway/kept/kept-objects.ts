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
  submittedRow,
} from "@/db/queries/books/kept";
import { PublicError } from "@/lib/errors";
import { within } from "@/lib/within";

type New = Omit<KeptObject, "createdAt">;

/**
 * Files, batches, conversations and containers that providers store for tenants. Fail mode: while the database is away,
 * owners are unknown and nothing is served.
 */
export class KeptObjects {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async add(objects: readonly New[], now: number): Promise<void> {
    const createdAt = new Date(now);
    await known(
      addKept(
        this.#db,
        objects.map((object) => ({ ...object, createdAt })),
      ),
    );
  }

  /** A tenant's object; null = no object with that id. */
  async of(tenantId: string, id: string, kind: KeptKind): Promise<KeptObject | null> {
    const found = await known(findKept(this.#db, [id]));
    return found.find((one) => one.tenantId === tenantId && one.kind === kind) ?? null;
  }

  /** Splits ids into those of this tenant and those of another tenant alone. Other ids are unknown. */
  async ownersOf(
    tenantId: string,
    ids: readonly string[],
  ): Promise<{ readonly own: ReadonlySet<string>; readonly others: ReadonlySet<string> }> {
    const found = await known(findKept(this.#db, ids));
    const own = new Set(found.filter((one) => one.tenantId === tenantId).map(({ id }) => id));
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

const WAIT_MS = 2000;

async function known<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await within(WAIT_MS, work);
  } catch (cause) {
    const message = "The owner of these files and batches cannot be read at the moment. Please try again shortly.";
    throw new PublicError("limiter_unavailable", message, { cause, retryAfterSeconds: 2 });
  }
}
