import type { ActiveBrake, BrakeFacts } from "@/lib/limits/brake";
import type { CheckState } from "@/lib/limits/decide";
import type { Amounts } from "@/lib/limits/dimensions";
import type { AppliedLimit, Plan } from "@/lib/limits/plan";

/**
 * The store of counters behind one port. Invariants, whatever the body: an admission takes all of its checks or none;
 * a refusal writes nothing; a request id is charged once however often it is sent; a settlement happens once; a call
 * whose owner went silent is handed to `reap` after its lease ran out. Every method is one round trip.
 * Fail mode: a method that cannot reach its store rejects; it never answers "admitted" by default.
 */
export interface Admission {
  admit(request: AdmitRequest): Promise<AdmitReply>;
  /** Replaces the reservation by what was used and frees the leases. May be called again: "repeat". */
  settle(request: SettleRequest): Promise<"settled" | "repeat" | "unknown">;
  /** Prolongs the leases of a running call. "gone" means another process has taken it to be dead and settled it. */
  heartbeat(request: { requestId: string; leaseMs: number }): Promise<"held" | "gone">;
  /** The same numbers that an admission would see, without one. `now` is store time, epoch ms. */
  peek(limits: readonly AppliedLimit[]): Promise<{ now: number; states: readonly CheckState[] }>;
  /** Replaces the set of brakes; in force for the next admission when it resolves. */
  setBrakes(brakes: readonly ActiveBrake[]): Promise<void>;
  /** Takes over calls whose lease ran out: each is returned once, to be settled by the caller. */
  reap(): Promise<readonly string[]>;
}

export type AdmitRequest = {
  readonly requestId: string;
  /** Candidates in order of preference; the first that fits as a whole is taken. */
  readonly plans: readonly Plan[];
  readonly brakeFacts: BrakeFacts;
  /** How long the call may stay silent before it counts as dead, ms. */
  readonly leaseMs: number;
};

export type AdmitReply =
  | { readonly kind: "admit"; readonly now: number; readonly planIndex: number; readonly states: readonly CheckState[] }
  | {
      readonly kind: "deny";
      readonly now: number;
      readonly planIndex: number;
      readonly retryAfterMs: number;
      readonly states: readonly CheckState[];
    }
  | { readonly kind: "braked"; readonly now: number; readonly brakeId: string }
  /** This request id was admitted before and is settled: its late twin must not run. */
  | { readonly kind: "finished"; readonly now: number };

export type SettleRequest = { readonly requestId: string; readonly actual: Amounts };
