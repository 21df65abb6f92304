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
import type { RotateKey } from "./holder/rotate-key";
import type { KeptObjects } from "./kept/kept-objects";
import type { OpenCalls } from "./running/open-call";
import type { StormLine } from "./shedding/storm-line";
import type { Upstreams } from "./upstream/upstreams";
import type { WaitingLines } from "./waiting/waiting-lines";

/**
 * Everything that a call needs, built once at boot. Routes pass it on. Every later step names the members that it uses
 * in its signature, so a test can build just these.
 */
export type Gateway = {
  readonly admission: Admission;
  readonly policy: CurrentPolicy;
  readonly keys: KeyRing;
  readonly books: Books;
  /** usage and requests for the holder of a key */
  readonly ownBooks: OwnBooks;
  /** Replaces a key for its holder, if an operator allows that. Throws PublicError. */
  readonly rotateKey: RotateKey;
  /** files and batches that providers store, with their owners */
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
  /** A call with this id starts in the caller's trace (W3C trace context); null = tracing is off */
  readonly traced: ((requestId: string, traceparent: string | undefined) => void) | null;
  readonly upstreams: Upstreams;
  readonly idempotency: Idempotency;
  readonly reservedOf: ReservedOf;
  /** burn rates of budgets, for forecasts */
  readonly burnOf: BurnOf;
  /** Counts a wrong or missing key of a client address. Returns the ms for which further ones get 429; 0 = none. */
  readonly countFailedKey: (address: string) => Promise<number>;
  /** The credential that is sent to a provider; null = none. */
  readonly credentialOf: (provider: Provider) => string | null;
  /** Signs calls of providers whose credential is never sent. */
  readonly prove: Prove;
  /** Secret for the digests of caller-chosen names in counter subjects. */
  readonly digestSecret: string;
  readonly isDraining: () => boolean;
  readonly storms: StormLine;
};
