import type { CheckState } from "@/lib/limits/decide";
import type { AppliedLimit, Plan } from "@/lib/limits/plan";
import type { Amounts } from "@/lib/limits/rules/dimensions";

/**
 * The store of counters behind one port. Invariants, whatever the body: an admission takes all of its checks or none;
 * a refusal writes nothing but the caller's strikes; a request id is charged once however often it is sent; a
 * settlement happens once; a call whose owner went silent is handed to `reap` after its lease ran out; nothing is
 * admitted under an older policy than the newest that was published. Each method that a call needs is one round trip.
 * Fail mode: a method that cannot reach its store rejects; it never answers "admitted" by default.
 */
export interface Admission {
  admit(request: AdmitRequest): Promise<AdmitReply>;
  /** Replaces the reservation by what was used and frees the leases. May be called again: "repeat". */
  settle(request: SettleRequest): Promise<"settled" | "repeat" | "unknown">;
  /** Prolongs the leases of a running call and keeps `note` for the process that settles it if this one dies. "gone": somebody has. */
  heartbeat(request: { tenantId: string; requestId: string; leaseMs: number; note: string }): Promise<"held" | "gone">;
  /** The same numbers that an admission would see, without one. `now` is store time, epoch ms. */
  peek(limits: readonly AppliedLimit[]): Promise<{ now: number; states: readonly CheckState[] }>;
  /**
   * Makes `version` the oldest policy under which calls of these tenants are admitted from now on. `whenNew` is awaited
   * before the first policy of a tenant that the store does not know (it is new, or the store was emptied): what must not
   * be forgotten is put back there, while nothing is admitted. Resolves with the newest version that the store knows: one
   * above `version` stays in force, and a process that cannot reach it may admit nothing.
   */
  publish(version: number, tenantIds: readonly string[], whenNew?: WhenNew): Promise<number>;
  /**
   * Lifts counters that stand lower to what is known to be used; never lowers one, so it may be repeated. With "set" they
   * are put where they are said to be, up or down: for repairs by people, who look first.
   */
  raise(counts: readonly KnownCount[], how?: "set"): Promise<void>;
  /** Calls of a tenant that hold a reservation now, whichever process runs them; at most some hundreds. */
  running(tenantId: string): Promise<readonly RunningCall[]>;
  /** Takes over calls of these tenants whose lease ran out. The caller settles them; what it leaves comes again later. */
  reap(request: { tenantIds: readonly string[]; leaseMs: number }): Promise<readonly Orphan[]>;
}

/**
 * Resolves with the newest version. The process that finds the store empty may not enforce it yet, and the store
 * must not admit under an older one.
 */
export type WhenNew = (tenantIds: readonly string[]) => Promise<number>;

/** What is known from elsewhere to be used of one counter, whole units: in this window and, of rolling ones, the one before. */
export type KnownCount = { readonly limit: AppliedLimit; readonly used: number; readonly usedBefore: number };

export type AdmitRequest = {
  readonly requestId: string;
  readonly tenantId: string;
  /** Whose strikes count, as narrow as the call names it. Strikes lengthen announced waits and refuse nothing. */
  readonly caller: string;
  /** A refusal is not passed on to the caller, as something else is asked next: it is no strike. */
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
      /** The shared store is away: decided by this process alone, on its share of the limits. */
      readonly isLocal?: true;
    }
  | {
      readonly kind: "deny";
      readonly now: number;
      readonly planIndex: number;
      /** The true wait of this call, or NEVER. */
      readonly retryAfterMs: number;
      /** The wait to tell: the true one, or more for a caller that keeps coming back early. */
      readonly toldMs: number;
      readonly states: readonly CheckState[];
      readonly isLocal?: true;
    }
  | { readonly kind: "braked"; readonly now: number; readonly brakeId: string }
  /** The caller's policy is older than the store's, or the store has forgotten which is newest: refresh, then again. */
  | { readonly kind: "stale" }
  /** This request id was admitted before and is settled: its late twin must not run. */
  | { readonly kind: "finished"; readonly now: number };

export type SettleRequest = {
  readonly tenantId: string;
  readonly requestId: string;
  readonly actual: Amounts;
  /**
   * What was charged for it if somebody has taken it over: its owner was silent for longer than its lease and comes to its
   * end anyway. What it used beyond that is charged then.
   */
  readonly takenOverAs?: () => Amounts;
};

/** A call between its admission and its settlement: what was left with the store, and which plan it was admitted with. */
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
