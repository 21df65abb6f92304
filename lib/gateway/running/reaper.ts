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

/** Longest wait for the database in the settlement of a dead call. */
const BOOKED_MS = 1000;

/**
 * Settles calls whose process died, at their last stored usage, and closes their ledger rows. Any process may do it for
 * any other, and a failing call does not block others. Fail mode: a call that is not settled is handed out again when
 * this claim expires. Rows are unique by request id, so a repeat charges nothing twice.
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
    // It held only the slots of a call that was settled before.
    const { tenantId, requestId } = orphan;
    await admission.settle({ tenantId, requestId, actual: NO_AMOUNTS });
    return;
  }
  // Its process may have died between the row and the settlement. Then the row is the charge.
  // Its slots are freed even while the database is away.
  const booked = await within(BOOKED_MS, books.bookedRow(orphan.requestId)).catch(() => null);
  if (booked !== null) return settleRow(admission, booked);
  const row = crashedRow({ intent, usage: usageOf(orphan), noted: new Date() });
  books.close(row);
  await settleRow(admission, row);
}

/** Replaces a reservation by the usage in its ledger row. */
export async function settleRow(admission: Pick<Admission, "settle">, row: LedgerInsert): Promise<void> {
  await admission.settle({ tenantId: row.tenantId, requestId: row.requestId, actual: amountsOfRow(row) });
}

function usageOf(orphan: Orphan): Usage | null {
  return orphan.note === "" ? null : usageShape.parse(JSON.parse(orphan.note));
}
