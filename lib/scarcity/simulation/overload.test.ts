import { expect, test } from "vitest";
import type { Priority } from "@/lib/limits/rules/priority";
import { QUEUE_CONSTANTS } from "../order/constants";
import { LET_IN } from "../order/lateness";
import { drawn } from "./arrivals.suite";
import { seeded } from "./events";
import { type Ended, World } from "./world";

/** SEEDS=1000 and more search longer; a failure names its seed. */
const SEEDS = Math.ceil(Number(process.env.SEEDS ?? 200) / 20);
/** Thousands of seeds take minutes to an hour. */
const LONG = { timeout: 3_600_000 };
const LARGEST = 2000;
const FOR_MS = 30 * 60_000;
const LOAD = { load: 2, perMs: 1, largest: LARGEST, forMs: FOR_MS, tenants: 20 };

function overload(seed: number): readonly Ended[] {
  const random = seeded(seed);
  const resource = { perMs: 1, burst: LARGEST, largest: LARGEST, processes: 1 };
  return new World({ ...resource, constants: QUEUE_CONSTANTS, random }).run(drawn({ ...LOAD, random }));
}

test(
  `half an hour of twice what there is: the urgent classes fare best, and none starves, over ${SEEDS} seeds`,
  LONG,
  () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const ended = overload(seed);
      const share = (priority: Priority) => served(ended, priority).length / calls(ended, priority).length;
      expect(share("interactive"), `seed ${seed}`).toBeGreaterThan(0.9);
      expect(share("standard"), `seed ${seed}`).toBeGreaterThan(0.5);
      // Both are down to their floors, which do not depend on what they ask for.
      expect(Math.max(share("batch"), share("background")), `seed ${seed}`).toBeLessThan(share("standard"));
      const [batch, background] = [served(ended, "batch").length, served(ended, "background").length];
      expect(batch, `seed ${seed}`).toBeGreaterThan(background);
      // A floor of one call in 45 s.
      expect(background, `seed ${seed}`).toBeGreaterThanOrEqual(Math.floor(FOR_MS / 60_000));
    }
  },
);

test(
  `calls that overtake standard ones by age are those that waited when it began, and a few more, over ${SEEDS} seeds`,
  LONG,
  () => {
    const { ageingMs, waitMs } = QUEUE_CONSTANTS;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const ended = overload(seed);
      const firstLate = Math.min(...ended.flatMap((one) => (isLateStandard(one) ? one.at + one.waitedMs : [])));
      for (const [priority, ranks] of [
        ["batch", 1],
        ["background", 2],
      ] as const) {
        const overtook = ended.filter(
          (one) => one.priority === priority && one.how === "served" && one.waitedMs >= ranks * ageingMs,
        );
        const shutMs = firstLate + (priority === "background" ? 0 : ageingMs);
        const cameLater = overtook.filter(({ at }) => at > shutMs);
        // Each of the few places is taken for at least the time after which a call overtakes.
        const most = LET_IN * Math.ceil((FOR_MS + waitMs[priority]) / (ranks * ageingMs));
        expect(cameLater.length, `seed ${seed}, ${priority}`).toBeLessThanOrEqual(most);
      }
    }
  },
);

function isLateStandard({ priority, how }: Ended): boolean {
  return priority === "standard" && how === "late";
}

function calls(ended: readonly Ended[], priority: Priority): readonly Ended[] {
  return ended.filter((one) => one.priority === priority);
}

function served(ended: readonly Ended[], priority: Priority): readonly Ended[] {
  return calls(ended, priority).filter(({ how }) => how === "served");
}
