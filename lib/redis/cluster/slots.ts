import { z } from "zod";

/** A cluster divides all keys among this many slots. */
export const SLOTS = 16_384;
const POLYNOMIAL = 0x1021;
const TABLE = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
  return crc & 0xffff;
});

/** The slot of a key: CRC16 (XMODEM) of the text in its first braces, or of the whole key (Redis Cluster specification). */
export function slotOf(key: string): number {
  const open = key.indexOf("{");
  const close = open < 0 ? -1 : key.indexOf("}", open + 1);
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key;
  let crc = 0;
  for (const byte of Buffer.from(hashed)) crc = ((crc << 8) & 0xffff) ^ (TABLE[((crc >> 8) ^ byte) & 0xff] ?? 0);
  return crc % SLOTS;
}

/** Slots from `first` to `last` are on the master at `address` (host:port). */
export type SlotRange = { readonly first: number; readonly last: number; readonly address: string };

const node = z.tuple([z.string().nullable(), z.number()]).rest(z.unknown());
const rangeReply = z.tuple([z.number(), z.number(), node]).rest(z.unknown());

/** The masters in a reply to CLUSTER SLOTS. A node without a name gets the host that was asked. */
export function rangesIn(reply: unknown, askedHost: string): SlotRange[] {
  return z
    .array(rangeReply)
    .parse(reply)
    .map(([first, last, [host, port]]) => ({ first, last, address: addressOf(host || askedHost, port) }));
}

export function addressOf(host: string, port: number): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]:${port}` : `${host}:${port}`;
}

export type Redirect = { readonly kind: "moved" | "ask"; readonly slot: number; readonly address: string };

/** Where an error sends a command, permanently (MOVED) or once (ASK); null = another error. */
export function redirectIn(error: string, askedHost: string): Redirect | null {
  const [, word, slot, host, port] = /^(?:\w*Error: )?(MOVED|ASK) (\d+) (.*):(\d+)$/.exec(error) ?? [];
  if (word === undefined) return null;
  const address = addressOf(host || askedHost, Number(port));
  return { kind: word === "MOVED" ? "moved" : "ask", slot: Number(slot), address };
}

/** Which master has which slot, as last reported. */
export class SlotTable {
  readonly #owners = new Array<string | undefined>(SLOTS);

  ownerOf(slot: number): string | undefined {
    return this.#owners[slot];
  }

  get addresses(): ReadonlySet<string> {
    return new Set(this.#owners.filter((address) => address !== undefined));
  }

  /** Stores the reported ranges. True when a slot has another master than before. */
  hear(ranges: readonly SlotRange[]): boolean {
    let isOther = false;
    for (const { first, last, address } of ranges) {
      for (let slot = first; slot <= last; slot++) {
        const before = this.#owners[slot];
        if (before !== undefined && before !== address) isOther = true;
        this.#owners[slot] = address;
      }
    }
    return isOther;
  }
}
