import { PRIORITIES, type Priority } from "@/lib/limits/rules/priority";
import { VirtualCosts } from "../fairness/virtual-costs";
import type { QueueConstants } from "./constants";
import { Lateness } from "./lateness";
import { Line, type Waiter } from "./line";
import { type Full, Room } from "./room";

/** What a line does next. "ask": it is this one's turn, and nobody else of the line asks until it is over. */
export type Step<W> =
  | { readonly kind: "ask"; readonly waiter: W }
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "idle" };

export type Entered<W> =
  | { readonly kind: "in"; readonly pushedOut: readonly W[] }
  /** "late": more urgent calls give up for lateness, and this one could overtake them by age */
  | { readonly kind: "full"; readonly by: Full | "late" };

type OneLine<W extends Waiter> = { readonly line: Line<W>; turn: W | null };
type Place = { readonly line: string; readonly askAt: number };

/**
 * Who waits in this process and who goes next; time is an argument. Invariants: a line gives one waiter its turn at a
 * time, the best one; a denied waiter keeps its place; a waiter that left is in no list. Nothing here sleeps or sends.
 */
export class QueueOrder<W extends Waiter> {
  readonly costs: VirtualCosts;
  readonly #constants: () => QueueConstants;
  readonly #lines = new Map<string, OneLine<W>>();
  readonly #places = new Map<W, Place>();
  readonly #room: Room<W>;
  readonly #lateness: Lateness;

  constructor(constants: () => QueueConstants, random: () => number) {
    this.#constants = constants;
    this.costs = new VirtualCosts(random);
    this.#room = new Room(constants);
    this.#lateness = new Lateness(constants);
  }

  /** how many wait, including those whose turn it is */
  get size(): number {
    return this.#places.size;
  }

  get room(): Pick<Room<W>, "bytes" | "count" | "held" | "size"> {
    return this.#room;
  }

  waiters(): IterableIterator<W> {
    return this.#places.keys();
  }

  hasTurn(waiter: W): boolean {
    const place = this.#places.get(waiter);
    return place !== undefined && this.#lines.get(place.line)?.turn === waiter;
  }

  lines(): IterableIterator<string> {
    return this.#lines.keys();
  }

  length(line: string): number {
    return this.#lines.get(line)?.line.size ?? 0;
  }

  /** `askAt`: the waiter need not ask before this time. */
  enter(waiter: W, at: { readonly line: string; readonly askAt: number; readonly now: number }): Entered<W> {
    const { priority } = waiter;
    if (this.#lateness.isShut(priority, this.#room.count(priority), at.now)) return { kind: "full", by: "late" };
    const entered = this.#room.enter(waiter);
    if (entered.kind === "full") return entered;
    for (const one of entered.pushedOut) this.#forget(one);
    this.costs.enter(waiter.tenantId, this.#constants().guessMicroUsd / waiter.weight);
    this.#stand(waiter, at);
    return entered;
  }

  /** Classes that let in no more calls now, because more urgent calls give up for lateness. */
  shut(now: number): readonly Priority[] {
    return PRIORITIES.filter((priority) => this.#lateness.isShut(priority, this.#room.count(priority), now));
  }

  /** What the line does now. After "ask", call one of `denied`, `served` and `leave`. */
  next(name: string, now: number): Step<W> {
    const one = this.#lines.get(name);
    if (one === undefined || one.turn !== null) return { kind: "idle" };
    const waiter = one.line.best(now);
    if (waiter === null) return { kind: "idle" };
    const askAt = this.#places.get(waiter)?.askAt ?? now;
    if (askAt > now) return { kind: "wait", untilMs: askAt };
    one.turn = waiter;
    return { kind: "ask", waiter };
  }

  /** Its turn ended without room. It may next wait for something else. */
  denied(waiter: W, at: { readonly line: string; readonly askAt: number; readonly now: number }): void {
    const place = this.#places.get(waiter);
    if (place === undefined) return;
    this.#endTurn(waiter, place.line);
    if (place.line === at.line) {
      this.#places.set(waiter, at);
      return;
    }
    this.#takeOut(waiter, place.line);
    this.#stand(waiter, at);
  }

  /** It got what it waited for. */
  served(waiter: W, now: number): void {
    const place = this.#places.get(waiter);
    if (place !== undefined) this.#lines.get(place.line)?.line.served(waiter, now);
    this.leave(waiter);
  }

  /** It has waited its maximum. False: it was no longer here. */
  late(waiter: W, now: number): boolean {
    if (!this.leave(waiter)) return false;
    this.#lateness.note(waiter.priority, now);
    return true;
  }

  /** False: it was no longer here. */
  leave(waiter: W): boolean {
    return this.#room.leave(waiter) && this.#forget(waiter);
  }

  /** A line may have room: its best waiter need not wait until its given time. */
  hurry(name: string, now: number): void {
    const best = this.#lines.get(name)?.line.best(now);
    if (best != null) this.#places.set(best, { line: name, askAt: now });
  }

  /** The best waiter of a line, with the numbers it is compared by; null = nobody waits there. */
  offerOf(name: string, now: number): { readonly waiter: W; readonly band: number; readonly cost: number } | null {
    const line = this.#lines.get(name)?.line;
    const waiter = line?.best(now) ?? null;
    if (line === undefined || waiter === null) return null;
    return { waiter, band: line.bandOf(waiter, now), cost: this.costs.of(waiter.tenantId) };
  }

  /** Its place, 1 = next, and the expected wait at the recent pace; `expectedMs` null = the pace is unknown. */
  placeOf(waiter: W): { readonly place: number; readonly expectedMs: number | null } | null {
    const name = this.#places.get(waiter)?.line;
    const line = name === undefined ? undefined : this.#lines.get(name)?.line;
    if (line === undefined) return null;
    const place = line.placeOf(waiter);
    return { place, expectedMs: line.gapMs === null ? null : Math.ceil(place * line.gapMs) };
  }

  #stand(waiter: W, { line: name, askAt, now }: Place & { readonly now: number }): void {
    const one = this.#lines.get(name) ?? {
      line: new Line<W>(this.#constants, (tenantId) => this.costs.of(tenantId)),
      turn: null,
    };
    this.#lines.set(name, one);
    one.line.add(waiter, now);
    this.#places.set(waiter, { line: name, askAt });
  }

  #forget(waiter: W): boolean {
    const place = this.#places.get(waiter);
    if (place === undefined) return false;
    this.#endTurn(waiter, place.line);
    this.#places.delete(waiter);
    this.costs.leave(waiter.tenantId);
    this.#takeOut(waiter, place.line);
    return true;
  }

  #takeOut(waiter: W, name: string): void {
    const one = this.#lines.get(name);
    one?.line.remove(waiter);
    if (one?.line.size === 0) this.#lines.delete(name);
  }

  #endTurn(waiter: W, name: string): void {
    const one = this.#lines.get(name);
    if (one?.turn === waiter) one.turn = null;
  }
}
