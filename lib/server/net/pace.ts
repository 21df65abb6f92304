import type { Socket } from "node:net";
import { LRUCache } from "lru-cache";
import type { Elapsed } from "@/lib/clock";

const ADDRESSES_MAX = 10_000;
/** Connections of one address that may be cut for what they sent before its next ones wait, and what is forgiven since. */
const CUTS_MAX = 50;
const FORGIVEN_PER_SECOND = 10;
/** More are not counted: others may share the address, and ten seconds after the last cut all is forgiven. */
const CUTS_KEPT = 2 * CUTS_MAX;
/** Connections of one address that wait; it has shown that it opens as many as it is let. */
const WAITING_MAX = 200;
/** Below what a connection may take for its first headers. */
const WAIT_MS_MAX = 5000;
/** The same where a caller with a good key is connected from that address: it may share it with who is cut. */
const WAIT_MS_MAX_SERVED = 40;

/**
 * Paces the new connections of addresses whose connections are cut over and over for what they send: a refusal is cheap,
 * but all that came in one read is parsed before it, so who reconnects at once could keep this thread busy with nothing
 * else. Such connections are taken but not read until it is their turn. Those that are open already are never slowed.
 * Fail mode: none to speak of; it is kept in this process and needs nothing.
 */
export class Pace {
  readonly #elapsed: Elapsed;
  readonly #known = new LRUCache<string, { readonly cuts: number; readonly at: number }>({ max: ADDRESSES_MAX });
  readonly #waiting = new Map<string, number>();
  /** open connections on which a good key was served, by address */
  readonly #served = new Map<string, Set<Socket>>();

  constructor(elapsed: Elapsed) {
    this.#elapsed = elapsed;
  }

  /** A connection of this address has been ended for what it sent. */
  cut(address: string): void {
    this.#known.set(address, { cuts: Math.min(CUTS_KEPT, this.#cuts(address) + 1), at: this.#elapsed() });
  }

  /** A call with a good key was served on this connection: while it is open, others of its address wait for less. */
  served(socket: Socket): void {
    const { remoteAddress: address = "" } = socket;
    const open = this.#served.get(address) ?? new Set();
    if (open.has(socket) || socket.destroyed) return;
    this.#served.set(address, open.add(socket));
    socket.once("close", () => {
      open.delete(socket);
      if (open.size === 0) this.#served.delete(address);
    });
  }

  /** ms that its next connection waits; null: too many do. */
  waitMs(address: string): number | null {
    const over = this.#cuts(address) - CUTS_MAX;
    if (over <= 0) return 0;
    const before = this.#waiting.get(address) ?? 0;
    if (before >= WAITING_MAX) return null;
    const most = this.#served.has(address) ? WAIT_MS_MAX_SERVED : WAIT_MS_MAX;
    return Math.min(most, ((over + before) * 1000) / FORGIVEN_PER_SECOND);
  }

  /** Takes a new connection in its turn. */
  take(socket: Socket): void {
    const address = socket.remoteAddress ?? "";
    const waitMs = this.waitMs(address);
    if (waitMs === null) return void socket.destroy();
    if (waitMs === 0) return;
    this.#waiting.set(address, (this.#waiting.get(address) ?? 0) + 1);
    socket.pause();
    // Node starts to read at the end of this turn of the loop, even if the socket is paused before.
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

  #cuts(address: string): number {
    const known = this.#known.get(address);
    if (known === undefined) return 0;
    return Math.max(0, known.cuts - ((this.#elapsed() - known.at) * FORGIVEN_PER_SECOND) / 1000);
  }
}
