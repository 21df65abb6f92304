import type { CheckState } from "@/lib/limits/decide";
import type { AppliedLimit, Plan } from "@/lib/limits/plan";
import type { Amounts } from "@/lib/limits/rules/dimensions";

/**
 * The store of counters behind one port. Invariants of every implementation: an admission takes all of its checks or
 * none; a refusal writes only the caller's strikes; a request id is charged once, however often it is sent; a
 * settlement happens once; a call whose owner went silent is handed to `reap` after its lease ran out; nothing is
 * admitted under an older policy than the newest published one. Each method that a call needs is one round trip. Fail
 * mode: a method that cannot reach its store rejects; it never answers "admitted" by default.
 */
export interface Admission {
  admit(request: AdmitRequest): Promise<AdmitReply>;
  /** Replaces the reservation by the actual usage and frees the leases. May be called again: "repeat". */
  settle(request: SettleRequest): Promise<"settled" | "repeat" | "unknown">;
  /** Prolongs a running call's leases; `note` is for the process that settles it if this one dies. "gone": one has. */
  heartbeat(request: { tenantId: string; requestId: string; leaseMs: number; note: string }): Promise<"held" | "gone">;
  /** The numbers that an admission would see, without admitting. `now` is store time, epoch ms. */
  peek(limits: readonly AppliedLimit[]): Promise<{ now: number; states: readonly CheckState[] }>;
  /**
   * Makes `version` the oldest policy under which calls of these tenants are admitted from now on. `whenNew` is awaited
   * before the first policy of a tenant that the store does not know (it is new, or was emptied): it restores what must
   * not be forgotten, and nothing is admitted meanwhile. Resolves with the newest version that the store knows. One
   * above `version` stays in force, and a process that cannot reach it may admit nothing.
   */
  publish(version: number, tenantIds: readonly string[], whenNew?: WhenNew): Promise<number>;
  /**
   * Lifts counters to what is known to be used and never lowers one, so it may be repeated. With "set" they move to the
   * given numbers, up or down: for repairs by people, who look first.
   */
  raise(counts: readonly KnownCount[], how?: "set"): Promise<void>;
  /** Calls of a tenant that hold a reservation now, in any process; at most some hundreds. */
  running(tenantId: string): Promise<readonly RunningCall[]>;
  /** Takes over calls of these tenants whose lease ran out. The caller settles them; unsettled ones come again later. */
  reap(request: { tenantIds: readonly string[]; leaseMs: number }): Promise<readonly Orphan[]>;
}

/**
 * Resolves with the newest version. The process that finds the store empty may not enforce it yet, and the store
 * must not admit under an older one.
 */
export type WhenNew = (tenantIds: readonly string[]) => Promise<number>;

/** Known usage of one counter, whole units: in this window and, for rolling ones, in the one before. */
export type KnownCount = { readonly limit: AppliedLimit; readonly used: number; readonly usedBefore: number };

export type AdmitRequest = {
  readonly requestId: string;
  readonly tenantId: string;
  /** The caller whose strikes count, as narrow as the call names it. Strikes lengthen announced waits and refuse nothing. */
  readonly caller: string;
  /** A refusal is not passed to the caller, because another request to the store follows: it is no strike. */
  readonly isProbe?: boolean;
  /** Candidates in order of preference; the first that fits as a whole is taken. */
  readonly plans: readonly Plan[];
  /** The brake that covers this call under this policy, by its scope; it refuses until it expires. */
  readonly brake: { readonly id: string; readonly expiresAtMs: number | null } | null;
  readonly policyVersion: number;
  /** Epoch ms at which this policy changes by itself, as when an override expires. Absent or null: it does not. */
  readonly policyUntilMs?: number | null;
  /** How long the call may stay silent before it counts as dead, ms. */
  readonly leaseMs: number;
  /** Kept with the reservation for the process that settles it if this one dies. Opaque here. */
  readonly intent: string;
};

export type AdmitReply =
  | {
      readonly kind: "admit";
      readonly now: number;
      readonly planIndex: number;
      readonly states: readonly CheckState[];
      /** The shared store is away: this process decided alone, on its share of the limits. */
      readonly isLocal?: true;
    }
  | {
      readonly kind: "deny";
      readonly now: number;
      readonly planIndex: number;
      /** The true wait of this call, or NEVER. */
      readonly retryAfterMs: number;
      /** The announced wait: the true one, or more for a caller that keeps coming back early. */
      readonly toldMs: number;
      readonly states: readonly CheckState[];
      readonly isLocal?: true;
    }
  | { readonly kind: "braked"; readonly now: number; readonly brakeId: string }
  /**
   * The caller's policy is older than the store's: refresh, then ask again. `isEmptied`: the store has lost the newest
   * version, with all that it had counted; a refresh fills it.
   */
  | { readonly kind: "stale"; readonly isEmptied?: true }
  /** This request id was admitted before and is settled: its late duplicate must not run. */
  | { readonly kind: "finished"; readonly now: number };

export type SettleRequest = {
  readonly tenantId: string;
  readonly requestId: string;
  readonly actual: Amounts;
  /**
   * What another process charged for the call when it took it over, because the owner was silent for longer than its
   * lease. If the call ends after all, its use beyond that is charged then.
   */
  readonly takenOverAs?: () => Amounts;
};

/** A call between its admission and its settlement: what it left with the store, and the plan it was admitted with. */
export type RunningCall = { readonly intent: string; readonly planIndex: number };

/** A call whose owner died: what it left with the store. */
export type Orphan = {
  readonly requestId: string;
  readonly tenantId: string;
  readonly intent: string;
  /** the plan it was admitted with */
  readonly planIndex: number;
  readonly note: string;
};
