import { randomUUID } from "node:crypto";
import type { Database } from "@/db/client";
import { keyUsageByDay } from "@/db/queries/money/usage";
import { leastRefused } from "@/db/queries/overview/activity";
import { readKeyDates } from "@/db/queries/tenants/tenancy";
import { addWish } from "@/db/queries/tenants/wishes";
import { type Clock, DAY_MS, MINUTE_MS } from "@/lib/clock";
import type { Books } from "@/lib/ledger/books";
import type { Principal } from "../caller/principal";

const USAGE_DAYS = 30;
/** How far back refusals say what a limit has no room for. */
const REFUSING_MS = 5 * MINUTE_MS;
const WISHES_PER_KEY = 3;
const WISHES_PER_TENANT = 20;

/**
 * Usage and requests for the holder of a key: only for this key and its successors. Fail mode: throws while the
 * database is away.
 */
export class OwnBooks {
  readonly #db: Database;
  readonly #books: Pick<Books, "drain">;
  readonly #clock: Clock;

  constructor(input: { db: Database; books: Pick<Books, "drain">; clock: Clock }) {
    this.#db = input.db;
    this.#books = input.books;
    this.#clock = input.clock;
  }

  /** By day (UTC) and model, the newest day first; the last 30 days. */
  async usage({ tenant, key }: Principal) {
    await this.#books.drain();
    const from = new Date(Math.floor(this.#clock.now() / DAY_MS) * DAY_MS - (USAGE_DAYS - 1) * DAY_MS);
    return keyUsageByDay(this.#db, { tenantId: tenant.id, keyFamilyId: key.familyId, from });
  }

  /**
   * When the key ends, and by when it is to be replaced; null: it does not end, or has no schedule. Whether its holder may
   * replace it, and whether it is already replaced.
   */
  async dates({ key }: Principal) {
    const dates = await readKeyDates(this.#db, key.id);
    return {
      expires_at: dates?.expiresAt?.toISOString() ?? null,
      rotate_by: dates?.rotateAt?.toISOString() ?? null,
      may_rotate: dates?.holderMayRotate ?? false,
      is_rotated: dates !== null && dates.successorId !== null,
    };
  }

  /** Limits that refused a call of this tenant just now, each with the smallest amount. Limits for everyone are excluded. */
  async refusing({ tenant }: Principal) {
    const since = new Date(this.#clock.now() - REFUSING_MS);
    const rows = await leastRefused(this.#db, [tenant.id], since);
    return rows
      .filter(({ layer }) => layer !== "" && layer !== "global" && layer !== "provider")
      .map(({ layer, name, dimension, asked }) => ({ layer, name, dimension, asked }));
  }

  /** A message to the operators. False = this key (3) or its tenant (20) has used up its messages per day. */
  async ask({ tenant, key }: Principal, asked: { readonly wish: string; readonly user: string }): Promise<boolean> {
    const now = this.#clock.now();
    const row = {
      id: `wsh_${randomUUID().slice(0, 18)}`,
      tenantId: tenant.id,
      keyFamilyId: key.familyId,
      createdAt: new Date(now),
      ...asked,
    };
    const since = new Date(now - DAY_MS);
    return addWish(this.#db, row, { since, perKey: WISHES_PER_KEY, perTenant: WISHES_PER_TENANT });
  }
}
