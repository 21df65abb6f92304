import { randomBytes } from "node:crypto";

/**
 * `req_` and 32 hex digits, the first twelve of which are the time in milliseconds: ids sort by when they were made, so
 * that the ledger can keep its days apart by them and a call is looked for in one day alone.
 */
export function newRequestId(now: number): string {
  return `${requestIdAt(now)}${randomHex()}`;
}

const RANDOM_BYTES = 10;
const IDS_AT_ONCE = 400;
let random = Buffer.alloc(0);
let used = 0;

/** Drawn for many ids at once: a call to the system's generator costs more than everything else about an id. */
function randomHex(): string {
  if (used === random.byteLength) {
    random = randomBytes(RANDOM_BYTES * IDS_AT_ONCE);
    used = 0;
  }
  used += RANDOM_BYTES;
  return random.toString("hex", used - RANDOM_BYTES, used);
}

/** What ids made at `now` begin with: the least of them, as text. */
export function requestIdAt(now: number): string {
  return `req_${Math.max(0, Math.floor(now)).toString(16).padStart(12, "0")}`;
}

/** A fixed number from 0 to 1 for a call, from its id's random end: it selects any share of calls. */
export function rollOf(requestId: string): number {
  return Number.parseInt(requestId.slice(-8), 16) / 2 ** 32;
}
