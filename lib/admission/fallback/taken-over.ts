import type { Clock } from "@/lib/clock";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { newRequestId } from "@/lib/request-id";
import type { Admission, AdmitRequest, SettleRequest } from "../admission";
import { stillOwed } from "./shares";

/** A call that this process admitted and has not settled. */
export type Running = { readonly request: AdmitRequest; readonly planIndex: number; readonly admittedAt: number };

type Needs = {
  readonly shared: Pick<Admission, "heartbeat" | "settle">;
  readonly clock: Clock;
  /** One request to the shared store, unless it is known to be away. */
  readonly ask: <T>(work: () => Promise<T>) => Promise<T>;
  /** Enters an admitted call. False: the store no longer takes it in. */
  readonly tell: (requestId: string, running: Running) => Promise<boolean>;
  readonly isRunning: (requestId: string) => boolean;
};

/** `isEntered`: whether the store has it; never rejects. */
type StandIn = { readonly id: string; readonly tenantId: string; readonly isEntered: Promise<boolean> };
type Beat = Parameters<Admission["heartbeat"]>[0];

/**
 * Calls of this process that another one settled, because this one was silent for longer than their lease, and that
 * still run. Each has a stand-in in the store, a reservation of its slots only: concurrency limits count it for as long
 * as it runs, even above the limit. Its use beyond the settled amount is charged at its end. Invariant: a stand-in ends
 * with its call, or with its lease when this process dies.
 */
export class TakenOver {
  readonly #needs: Needs;
  /** by the call's own id */
  readonly #standIns = new Map<string, StandIn>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  get size(): number {
    return this.#standIns.size;
  }

  /** Prolongs the slots of such a call; the first beat takes them again. Does nothing for a call that has none. */
  async beat(beat: Beat, { request, planIndex }: Running): Promise<void> {
    const { requestId } = beat;
    const { shared, ask } = this.#needs;
    const known = this.#standIns.get(requestId);
    if (known !== undefined) {
      if (!(await known.isEntered)) return;
      const reply = await ask(() => shared.heartbeat({ ...beat, requestId: known.id, note: "" }));
      // If the store has forgotten it, the next beat makes another one.
      if (reply === "gone" && this.#standIns.get(requestId) === known) this.#standIns.delete(requestId);
      return;
    }
    const taken = request.plans[planIndex];
    const checks = taken?.checks.filter(({ rule }) => rule.algorithm === "concurrency") ?? [];
    if (taken !== undefined && checks.length > 0)
      await this.#enter(requestId, { ...request, plans: [{ ...taken, checks }] });
  }

  async #enter(requestId: string, slots: AdmitRequest): Promise<void> {
    const { clock, tell, isRunning } = this.#needs;
    const admittedAt = clock.now();
    const id = newRequestId(admittedAt);
    const isEntered = tell(id, { request: { ...slots, requestId: id }, planIndex: 0, admittedAt });
    // Set before anything is awaited: an overlapping beat must not make a second one.
    const standIn = { id, tenantId: slots.tenantId, isEntered: isEntered.catch(() => false) };
    this.#standIns.set(requestId, standIn);
    const isThere = await isEntered.catch((error: unknown) => {
      this.#standIns.delete(requestId);
      throw error;
    });
    if (!isThere) this.#standIns.delete(requestId);
    else if (!isRunning(requestId)) await this.free(requestId);
  }

  /** The call has ended: frees its slots. Without a store they end with their lease. */
  async free(requestId: string): Promise<void> {
    const standIn = this.#standIns.get(requestId);
    this.#standIns.delete(requestId);
    if (standIn === undefined || !(await standIn.isEntered)) return;
    const { id, tenantId } = standIn;
    await this.#needs.ask(() => this.#needs.shared.settle({ tenantId, requestId: id, actual: NO_AMOUNTS }));
  }

  /** Enters its use beyond what was charged for it as a call of its own. */
  async chargeBeyond({ actual, takenOverAs }: SettleRequest, running: Running): Promise<void> {
    const { request, planIndex, admittedAt } = running;
    const charged = takenOverAs?.();
    const taken = request.plans[planIndex];
    if (charged === undefined || taken === undefined) return;
    const { shared, clock, ask, tell } = this.#needs;
    const now = clock.now();
    const checks = stillOwed(taken.checks, admittedAt, now).flatMap((check) => {
      const cost = actual[check.dimension] - charged[check.dimension];
      return cost > 0 && check.rule.algorithm !== "concurrency" ? { ...check, cost } : [];
    });
    if (checks.length === 0) return;
    const { tenantId } = request;
    const rest = newRequestId(now);
    const asked = { ...request, requestId: rest, plans: [{ ...taken, checks }] };
    if (!(await tell(rest, { request: asked, planIndex: 0, admittedAt: now }))) return;
    const used = Object.fromEntries(checks.map(({ dimension, cost }) => [dimension, cost]));
    await ask(() => shared.settle({ tenantId, requestId: rest, actual: { ...NO_AMOUNTS, ...used } }));
  }
}
