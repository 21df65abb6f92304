import type { Socket } from "node:net";
import { LRUCache } from "lru-cache";
import type { Elapsed } from "@/lib/clock";

const ADDRESSES_MAX = 10_000;
/** Cut connections that an address may have before its next ones wait, and how many are forgiven per second. */
const CUTS_MAX = 50;
const FORGIVEN_PER_SECOND = 10;
/** More are not counted: others may share the address, and ten seconds after the last cut the count is 0. */
const CUTS_KEPT = 2 * CUTS_MAX;
/** Connections of one address that may wait; such an address opens as many as it can. */
const WAITING_MAX = 200;
/** Less than the time limit for a connection's first headers. */
const WAIT_MS_MAX = 5000;
/** The limit if a caller with a valid key is connected from that address, which it may share with the cut client. */
const WAIT_MS_MAX_SERVED = 40;
/** Time for which that also holds after its connection has ended. */
const SERVED_MS = 60_000;

/**
 * Delays new connections of addresses whose connections are cut again and again for the data they send. A refusal is
 * cheap, but all bytes of one read are parsed before it, so a client that reconnects at once could keep this thread
 * busy. Such connections are accepted but not read until their turn. Open connections are never slowed. It needs
 * nothing outside this process, so it has no fail mode.
 */
export class Pace {
  readonly #elapsed: Elapsed;
  readonly #known = new LRUCache<string, { readonly cuts: number; readonly at: number }>({ max: ADDRESSES_MAX });
  readonly #waiting = new Map<string, number>();
  /** open connections on which a valid key was served, by address */
  readonly #served = new Map<string, Set<Socket>>();
  /** when the last such connection of an address ended: clients change connections, and servers end them */
  readonly #servedAt = new LRUCache<string, number>({ max: ADDRESSES_MAX });
  /** connections that began while their address was paced, and on which no valid key was served yet */
  readonly #onProbation = new WeakSet<Socket>();

  constructor(elapsed: Elapsed) {
    this.#elapsed = elapsed;
  }

  /** A connection of this address was ended for the data it sent. */
  cut(address: string): void {
    this.#known.set(address, { cuts: Math.min(CUTS_KEPT, this.#cuts(address) + 1), at: this.#elapsed() });
  }

  /** A call with a valid key was served on this connection. While it is open, others of its address wait less. */
  served(socket: Socket): void {
    this.#onProbation.delete(socket);
    const { remoteAddress: address = "" } = socket;
    const open = this.#served.get(address) ?? new Set();
    if (open.has(socket) || socket.destroyed) return;
    this.#served.set(address, open.add(socket));
    socket.once("close", () => {
      open.delete(socket);
      if (open.size === 0) this.#served.delete(address);
      this.#servedAt.set(address, this.#elapsed());
    });
  }

  /** Whether so many of its connections were cut that its next ones wait. */
  isPaced(address: string): boolean {
    return this.#cuts(address) > CUTS_MAX;
  }

  /** Whether this connection has yet to show that it is not one of those that get cut. */
  isOnProbation(socket: Socket): boolean {
    return this.#onProbation.has(socket);
  }

  /** ms that its next connection waits; null: too many wait already. */
  waitMs(address: string): number | null {
    const over = this.#cuts(address) - CUTS_MAX;
    if (over <= 0) return 0;
    const before = this.#waiting.get(address) ?? 0;
    if (before >= WAITING_MAX) return null;
    const most = this.#isServed(address) ? WAIT_MS_MAX_SERVED : WAIT_MS_MAX;
    return Math.min(most, ((over + before) * 1000) / FORGIVEN_PER_SECOND);
  }

  /** Accepts a new connection when it is its turn. */
  take(socket: Socket): void {
    const address = socket.remoteAddress ?? "";
    const waitMs = this.waitMs(address);
    if (waitMs === null) return void socket.destroy();
    if (waitMs === 0) return;
    this.#onProbation.add(socket);
    this.#waiting.set(address, (this.#waiting.get(address) ?? 0) + 1);
    socket.pause();
    // Node starts to read at the end of this turn of the loop, even if the socket was paused before.
    process.nextTick(() => socket.pause().emit("pause"));
    const timer = setTimeout(() => {
      socket.off("close", over);
      over();
      socket.resume();
    }, waitMs);
    const over = () => {
      clearTimeout(timer);
      const left = (this.#waiting.get(address) ?? 1) - 1;
      if (left === 0) this.#waiting.delete(address);
      else this.#waiting.set(address, left);
    };
    socket.once("close", over);
  }

  #isServed(address: string): boolean {
    const at = this.#servedAt.get(address);
    return this.#served.has(address) || (at !== undefined && this.#elapsed() - at < SERVED_MS);
  }

  #cuts(address: string): number {
    const known = this.#known.get(address);
    if (known === undefined) return 0;
    return Math.max(0, known.cuts - ((this.#elapsed() - known.at) * FORGIVEN_PER_SECOND) / 1000);
  }
}
