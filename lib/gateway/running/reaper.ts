import type { LedgerInsert } from "@/db/queries/books/record";
import type { Admission, Orphan } from "@/lib/admission/admission";
import { eachAlone } from "@/lib/each-alone";
import type { Books } from "@/lib/ledger/books";
import { storedIntent } from "@/lib/ledger/journal-line";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { usageShape } from "@/lib/money/price-shape";
import type { Usage } from "@/lib/money/usage";
import { within } from "@/lib/within";
import { amountsOfRow, crashedRow } from "./open-call";

/** What the settlement of a dead call waits for the database. */
const BOOKED_MS = 1000;

/**
 * Settles calls whose owner died, at the usage it had last noted, and closes their ledger rows. Any process may do it
 * for any other, and a call that cannot be settled stops no other. Fail mode: what is not settled now is handed out again once this claim has run out in its turn; rows
 * are unique by request id, so doing it twice doubles nothing.
 */
export async function reap(input: {
  admission: Store;
  books: Rows;
  policy: { readonly snapshot: { readonly tenants: Pick<ReadonlyMap<string, unknown>, "keys"> } };
  leaseMs: number;
}): Promise<void> {
  const { admission, books, policy, leaseMs } = input;
  const tenantIds = [...policy.snapshot.tenants.keys()];
  await eachAlone(await admission.reap({ tenantIds, leaseMs }), (orphan) => takenOver({ admission, books, orphan }));
}

type Store = Pick<Admission, "reap" | "settle">;
type Rows = Pick<Books, "bookedRow" | "close">;

async function takenOver(input: { admission: Store; books: Rows; orphan: Orphan }): Promise<void> {
  const { admission, books, orphan } = input;
  const intent = storedIntent(orphan.intent, orphan.planIndex);
  if (intent.requestId !== orphan.requestId) {
    // It held no more than the slots of a call that was settled before.
    const { tenantId, requestId } = orphan;
    await admission.settle({ tenantId, requestId, actual: NO_AMOUNTS });
    return;
  }
  // Its owner may have died between the row and the settlement: then the row is what it was charged.
  // With the database away its slots are freed nevertheless.
  const booked = await within(BOOKED_MS, books.bookedRow(orphan.requestId)).catch(() => null);
  if (booked !== null) return settleRow(admission, booked);
  const row = crashedRow({ intent, usage: usageOf(orphan), noted: new Date() });
  books.close(row);
  await settleRow(admission, row);
}

/** Replaces a reservation by what its ledger row says was used. */
export async function settleRow(admission: Pick<Admission, "settle">, row: LedgerInsert): Promise<void> {
  await admission.settle({ tenantId: row.tenantId, requestId: row.requestId, actual: amountsOfRow(row) });
}

function usageOf(orphan: Orphan): Usage | null {
  return orphan.note === "" ? null : usageShape.parse(JSON.parse(orphan.note));
}
