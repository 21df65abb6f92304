import { admissionMethods } from "@/lib/admission/port/remote-admission";
import { type Methods, method } from "@/lib/admission/port/serve-port";
import type { Calls } from "../boot/calls";
import type { Guarded } from "../net/front-door";
import type { Restored } from "../store/older-database";

export type Attempt = { readonly what: Guarded; readonly who: string };

/** The state of a process that serves calls. */
export type CallStatus = { readonly isStoreAway: boolean };

/** The services of a process with calls for the console of its installation. */
export function callMethods({ gateway, frontDoor, store, restores }: Calls): Methods {
  return {
    ...admissionMethods(gateway.admission),
    /** Resolves when the newest policy is in force here. */
    refresh: method(async () => void (await gateway.policy.refresh())),
    drainBooks: method(() => gateway.books.drain()),
    countAttempt: method(({ what, who }: Attempt) => frontDoor.count(what, who)),
    giveAttemptBack: method(({ what, who }: Attempt) => frontDoor.giveBack(what, who)),
    status: method(async (): Promise<CallStatus> => ({ isStoreAway: store.isAway() })),
    untoldRestores: method(() => restores.untold()),
    toldRestore: method((restored: Restored) => restores.told(restored)),
    figures: method(() => gateway.metrics.figures()),
  };
}
