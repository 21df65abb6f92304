import { PRIORITIES, type Priority, rankOf } from "@/lib/limits/rules/priority";
import type { QueueConstants } from "./constants";
import type { Waiter } from "./line";

/** What is full. */
export type Full = "tenant" | "class" | "bytes";

/** The waiting calls of one tenant in one class, in order of arrival. */
type Held<W> = { readonly waiters: Set<W>; bytes: number };
type Scope = { readonly tenantId?: string; readonly priority?: Priority; readonly unit: "calls" | "bytes" };

/**
 * How much may wait in one process, over all lines. When it is full, a newcomer stays only if another call leaves for
 * it: the newest call of the tenant that has most in the least urgent class. If that is the newcomer itself, it is
 * refused. So no tenant's flood pushes out another's calls of the same class.
 */
export class Room<W extends Waiter> {
  readonly #constants: () => QueueConstants;
  /** by class and tenant */
  readonly #held: Readonly<Record<Priority, Map<string, Held<W>>>> = {
    interactive: new Map(),
    standard: new Map(),
    batch: new Map(),
    background: new Map(),
  };
  readonly #counts: Record<Priority, number> = { interactive: 0, standard: 0, batch: 0, background: 0 };
  #bytes = 0;

  constructor(constants: () => QueueConstants) {
    this.#constants = constants;
  }

  get size(): number {
    return PRIORITIES.reduce((sum, priority) => sum + this.#counts[priority], 0);
  }

  get bytes(): number {
    return this.#bytes;
  }

  count(priority: Priority): number {
    return this.#counts[priority];
  }

  /** Takes a waiter in, and returns those that must leave for it; or says what is full. */
  enter(
    waiter: W,
  ): { readonly kind: "in"; readonly pushedOut: readonly W[] } | { readonly kind: "full"; readonly by: Full } {
    const pushedOut: W[] = [];
    for (let full = this.#fullFor(waiter); full !== null; full = this.#fullFor(waiter)) {
      const victim = this.#victim(waiter, full);
      if (victim === null) {
        for (const one of pushedOut) this.#add(one);
        return { kind: "full", by: full };
      }
      this.leave(victim);
      pushedOut.push(victim);
    }
    this.#add(waiter);
    return { kind: "in", pushedOut };
  }

  leave(waiter: W): boolean {
    const held = this.#held[waiter.priority].get(waiter.tenantId);
    if (held === undefined || !held.waiters.delete(waiter)) return false;
    held.bytes -= waiter.bytes;
    this.#bytes -= waiter.bytes;
    this.#counts[waiter.priority] -= 1;
    if (held.waiters.size === 0) this.#held[waiter.priority].delete(waiter.tenantId);
    return true;
  }

  /** What waits, by tenant and class, with the arrival time of the oldest. */
  *held(): Iterable<{ tenantId: string; priority: Priority; calls: number; bytes: number; oldest: number }> {
    for (const priority of PRIORITIES) {
      for (const [tenantId, { waiters, bytes }] of this.#held[priority]) {
        let oldest = Number.POSITIVE_INFINITY;
        for (const { since } of waiters) oldest = Math.min(oldest, since);
        yield { tenantId, priority, calls: waiters.size, bytes, oldest };
      }
    }
  }

  #add(waiter: W): void {
    const tenants = this.#held[waiter.priority];
    const held = tenants.get(waiter.tenantId) ?? { waiters: new Set<W>(), bytes: 0 };
    tenants.set(waiter.tenantId, held);
    held.waiters.add(waiter);
    held.bytes += waiter.bytes;
    this.#bytes += waiter.bytes;
    this.#counts[waiter.priority] += 1;
  }

  #fullFor({ tenantId, priority, bytes }: W): Full | null {
    const { tenantCallsMax, classCallsMax, bytesMax } = this.#constants();
    const ofTenant = PRIORITIES.reduce((sum, one) => sum + (this.#held[one].get(tenantId)?.waiters.size ?? 0), 0);
    if (ofTenant >= tenantCallsMax) return "tenant";
    if (this.#counts[priority] >= classCallsMax) return "class";
    return this.#bytes + bytes > bytesMax ? "bytes" : null;
  }

  #victim(waiter: W, full: Full): W | null {
    const scope: Scope =
      full === "tenant"
        ? { tenantId: waiter.tenantId, unit: "calls" }
        : full === "class"
          ? { priority: waiter.priority, unit: "calls" }
          : { unit: "bytes" };
    const classes = PRIORITIES.toReversed().filter((one) => scope.priority === undefined || one === scope.priority);
    const least = classes.find((one) => this.#ofScope(one, scope).length > 0);
    if (least === undefined || rankOf(least) < rankOf(waiter.priority)) return null;
    const amount = (held: Held<W>) => (scope.unit === "bytes" ? held.bytes : held.waiters.size);
    let heaviest: readonly [string, Held<W>] | null = null;
    for (const one of this.#ofScope(least, scope)) {
      if (heaviest === null || amount(one[1]) > amount(heaviest[1])) heaviest = one;
    }
    if (heaviest === null) return null;
    const own = this.#held[least].get(waiter.tenantId);
    const more = scope.unit === "bytes" ? waiter.bytes : 1;
    const isOwnClass = least === waiter.priority;
    if (isOwnClass && (own === undefined ? 0 : amount(own)) + more >= amount(heaviest[1])) return null;
    return [...heaviest[1].waiters].at(-1) ?? null;
  }

  #ofScope(priority: Priority, { tenantId }: Scope): readonly (readonly [string, Held<W>])[] {
    const tenants = this.#held[priority];
    if (tenantId === undefined) return [...tenants];
    const own = tenants.get(tenantId);
    return own === undefined ? [] : [[tenantId, own]];
  }
}
