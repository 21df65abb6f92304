import { readSetting } from "@/db/queries/fleet/instances";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import { SCARCITY_DEFAULTS, SCARCITY_SETTING, type ScarcitySettings, scarcityOf } from "@/lib/scarcity/settings";
import type { Installation } from "./installation";

/**
 * The stored constants of the queue and of shedding. They are read again with every new policy, because each change by
 * an operator makes a new policy version. Fail mode: if they cannot be read, the last values stay.
 */
export function scarcityInForce({ db, log }: Pick<Installation, "db" | "log">, policy: CurrentPolicy) {
  let settings: ScarcitySettings = SCARCITY_DEFAULTS;
  policy.onChange(async () => {
    try {
      settings = scarcityOf(await readSetting(db, SCARCITY_SETTING));
    } catch (error) {
      log.warn({ err: error }, "could not read the queue's settings");
    }
  });
  return {
    get queue() {
      return settings.queue;
    },
    get shed() {
      return settings.shed;
    },
  };
}
