import type { TurnedAwayRow } from "@/db/queries/requests/turned-away";
import { MINUTE_MS } from "@/lib/clock";

/** Individual rows per minute: for known keys, and for all others. */
const KNOWN_MAX = 200;
const UNKNOWN_MAX = 50;

/** One call that was answered before any limit was checked. */
export type TurnedAwayCall = {
  readonly requestId: string;
  readonly code: string;
  readonly status: number;
  /** null = the key's owner was not proven */
  readonly tenantId: string | null;
  /** the public id that was sent; null = none */
  readonly keyId: string | null;
  readonly address: string;
  readonly path: string;
  /** that was asked for; null = the body was not read */
  readonly model: string | null;
};

/**
 * Denied calls, grouped by their common properties. The rows per minute are bounded for any traffic: further ones count
 * in one row per code, without key and address. Known keys have a bound of their own, so a flood of wrong keys does not
 * hide them.
 */
export class TurnedAway {
  #waiting = new Map<string, TurnedAwayRow>();
  #minute = 0;
  #own = { known: new Set<string>(), unknown: new Set<string>() };

  add(call: TurnedAwayCall, now: number): void {
    const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#own = { known: new Set(), unknown: new Set() };
    }
    const row = this.#rowOf(call, minute);
    const id = idOf(row);
    const known = this.#waiting.get(id);
    this.#waiting.set(id, known === undefined ? row : joined(known, row));
  }

  /** Passes the collected items to `write`. Items that it returns wait for the next flush. */
  async drain(write: (rows: readonly TurnedAwayRow[]) => Promise<readonly TurnedAwayRow[]>): Promise<void> {
    const rows = this.#waiting;
    this.#waiting = new Map();
    for (const row of await write([...rows.values()])) {
      const id = idOf(row);
      const since = this.#waiting.get(id);
      this.#waiting.set(id, since === undefined ? row : joined(row, since));
    }
  }

  #rowOf(call: TurnedAwayCall, minute: number): TurnedAwayRow {
    const { requestId, code, status, model } = call;
    const named = { tenantId: call.tenantId ?? "", keyId: call.keyId ?? "", address: call.address, path: call.path };
    const own = call.tenantId === null ? this.#own.unknown : this.#own.known;
    const most = call.tenantId === null ? UNKNOWN_MAX : KNOWN_MAX;
    const id = [code, ...Object.values(named)].join("|");
    const hasRoom = own.has(id) || own.size < most;
    if (hasRoom) own.add(id);
    const shown = hasRoom ? named : { ...named, keyId: "", address: "", path: "" };
    return { minute: new Date(minute), code, status, ...shown, model, count: 1, requestId };
  }
}

/** One row of two: with the first one's request id, and with their model where it is the same. */
function joined(first: TurnedAwayRow, more: TurnedAwayRow): TurnedAwayRow {
  return { ...first, count: first.count + more.count, model: first.model === more.model ? first.model : null };
}

function idOf({ minute, code, tenantId, keyId, address, path }: TurnedAwayRow): string {
  return [minute.getTime(), code, tenantId, keyId, address, path].join("|");
}
