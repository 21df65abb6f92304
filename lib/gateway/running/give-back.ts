import type { Admission } from "@/lib/admission/admission";
import { NOTHING_USED } from "@/lib/limits/cost";
import type { Log } from "@/lib/log";

const TRIES_MAX = 6;
const FIRST_WAIT_MS = 100;
const WAIT_FACTOR = 3;

/**
 * Cancels the reservation of a call that was never sent, as soon as the store answers. Otherwise the reaper does it.
 */
export function giveBack(
  { admission, log }: { readonly admission: Pick<Admission, "settle">; readonly log: Log },
  { tenantId, requestId }: { readonly tenantId: string; readonly requestId: string },
  tries = 1,
): void {
  admission.settle({ tenantId, requestId, actual: NOTHING_USED }).catch((error: unknown) => {
    if (tries >= TRIES_MAX) log.warn({ err: error, requestId }, "could not return a reservation");
    else {
      const again = () => giveBack({ admission, log }, { tenantId, requestId }, tries + 1);
      setTimeout(again, FIRST_WAIT_MS * WAIT_FACTOR ** tries).unref();
    }
  });
}
