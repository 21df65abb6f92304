import type { LedgerInsert } from "@/db/queries/books/record";
import type { Bounds } from "@/lib/gateway/bounds/bounds";
import type { KeyRing } from "@/lib/gateway/caller/principal";
import type { OpenCalls } from "@/lib/gateway/running/open-call";
import type { Shedder } from "@/lib/gateway/shedding/shedder";
import { upstreamFigures } from "@/lib/gateway/upstream/room/upstream-figures";
import type { Upstreams } from "@/lib/gateway/upstream/upstreams";
import type { WaitingLines } from "@/lib/gateway/waiting/waiting-lines";
import type { Metrics } from "@/lib/metrics";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import type { FaultEffect } from "@/lib/policy/snapshot/snapshot";
import type { Telemetry } from "@/lib/telemetry/telemetry";
import type { Health } from "../life/health";
import type { OlderDatabase } from "../store/older-database";
import type { Refill } from "../store/refill";

type FigureParts = {
  readonly openCalls: OpenCalls;
  readonly bounds: Bounds;
  readonly waitingLines: Pick<WaitingLines, "size" | "byPriority">;
  readonly shedder: Shedder;
  readonly upstreams: Upstreams;
  readonly policy: CurrentPolicy;
  readonly keys: KeyRing;
  readonly refill: Refill;
  readonly health: Health;
  readonly older: OlderDatabase;
};

/** Sources of the metrics. The parts are looked up at each read, because some are made after the metrics. */
export function figuresOf(parts: () => FigureParts) {
  return {
    openCalls: () => parts().openCalls.size,
    load: () => parts().bounds.load,
    waitingCalls: () => parts().waitingLines.size,
    waitingByPriority: () => parts().waitingLines.byPriority,
    shedPressure: () => parts().shedder.shedding.hardest.pressure,
    upstream: () => upstreamFigures(parts().upstreams, parts().policy.snapshot.models.values()),
    policyFaults: (effect: FaultEffect) => parts().policy.snapshot.faults.filter((one) => one.effect === effect).length,
    areKeysUnchecked: () => parts().keys.isAway,
    refills: () => parts().refill.count,
    isDatabaseAway: () => parts().health.isDatabaseAway,
    databaseRestores: () => parts().older.restores,
  };
}

/** Counts what the books see, and sends it to a collector. */
export function seenBy(metrics: Metrics, telemetry: Telemetry | null) {
  return {
    row: (row: LedgerInsert) => {
      metrics.ended(row);
      telemetry?.ended(row);
    },
    refusal: (code: string) => metrics.refused(code),
    aside: (what: string) => metrics.setAside(what),
    failed: (what: string) => metrics.booksFailed(what),
  };
}
