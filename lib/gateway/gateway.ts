import type { Admission } from "@/lib/admission/admission";
import type { Idempotency } from "@/lib/admission/idempotency";
import type { Clock, Elapsed } from "@/lib/clock";
import type { Env } from "@/lib/env";
import type { Books } from "@/lib/ledger/books";
import type { Log } from "@/lib/log";
import type { Metrics } from "@/lib/metrics";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import type { Provider } from "@/lib/providers/catalog";
import type { Forward } from "@/lib/providers/forward";
import type { Prove } from "@/lib/providers/presets/proofs";
import type { BurnOf, ReservedOf } from "@/lib/quota/quota";
import type { Shedding } from "@/lib/scarcity/shedding/shedding";
import type { SeenBudgets } from "./attempt/seen-budgets";
import type { TokenHistory } from "./attempt/token-history";
import type { Bounds } from "./bounds/bounds";
import type { KeyRing } from "./caller/principal";
import type { OwnBooks } from "./holder/own-books";
import type { KeptObjects } from "./kept/kept-objects";
import type { OpenCalls } from "./running/open-call";
import type { Upstreams } from "./upstream/upstreams";
import type { WaitingLines } from "./waiting/waiting-lines";

/**
 * Everything a call needs, built once at boot. Routes hand it on; every step below names the members that it uses, so that
 * what a step can touch is seen in its signature, and a test can build it.
 */
export type Gateway = {
  readonly admission: Admission;
  readonly policy: CurrentPolicy;
  readonly keys: KeyRing;
  readonly books: Books;
  /** what the holder of a key may read of its use, and ask for */
  readonly ownBooks: OwnBooks;
  /** files and batches that providers keep, and whose they are */
  readonly kept: KeptObjects;
  readonly openCalls: OpenCalls;
  readonly bounds: Bounds;
  readonly forward: Forward;
  readonly simulatorUrl: string | null;
  readonly clock: Clock;
  readonly elapsed: Elapsed;
  readonly log: Log;
  readonly metrics: Metrics;
  /** 0 to 1; jitter only */
  readonly random: () => number;
  readonly instanceId: string;
  readonly leaseMs: number;
  readonly upstream: Env["upstream"];
  readonly seenBudgets: SeenBudgets;
  readonly waitingLines: WaitingLines;
  readonly shedding: Shedding;
  /** Providers that refuse to be asked for usage on streams. */
  readonly withoutUsage: Set<string>;
  readonly tokenHistory: TokenHistory;
  /** A call of this id begins in a caller's trace (W3C trace context); null = nothing is traced */
  readonly traced: ((requestId: string, traceparent: string | undefined) => void) | null;
  readonly upstreams: Upstreams;
  readonly idempotency: Idempotency;
  readonly reservedOf: ReservedOf;
  /** what budgets burn, for forecasts */
  readonly burnOf: BurnOf;
  /** Counts a wrong or missing key of a client address: milliseconds for which no more are answered as such; 0 = they are. */
  readonly countFailedKey: (address: string) => Promise<number>;
  /** What is sent to a provider as its credential; null = nothing. */
  readonly credentialOf: (provider: Provider) => string | null;
  /** How a credential that is not sent itself is shown to be known. */
  readonly prove: Prove;
  /** Secret under which callers' own names become counter subjects. */
  readonly digestSecret: string;
  readonly isDraining: () => boolean;
};
