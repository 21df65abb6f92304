import ipaddr from "ipaddr.js";

/** Stands for "not known": no limit by address can tell such clients apart, so they share one. */
export const NO_ADDRESS = "0.0.0.0";

/** What of X-Forwarded-For is believed, and from whom. */
export type Trust = {
  /** how many proxies of our own stand in front; 0 = told by `isProxy` alone */
  readonly hops: number;
  /** whether an address is one of our proxies; null = none are named, and any peer may be one */
  readonly isProxy: ((address: string) => boolean) | null;
};

/**
 * The client's address: the peer of the socket, or, behind proxies of our own, the address that the outermost of them
 * saw. Entries are counted from the right: what a client writes into X-Forwarded-For itself stands further left and
 * counts for nothing, however long it is (the server bounds the size of all headers). A peer that is none of the named
 * proxies is the client, whatever it sends.
 */
export function clientAddress(input: {
  peer: string | undefined;
  forwardedFor: string | undefined;
  trust: Trust;
}): string {
  const { hops, isProxy } = input.trust;
  const peer = normalised(input.peer ?? "");
  const isPeerTrusted = isProxy === null ? hops > 0 : isProxy(peer);
  if (!isPeerTrusted) return peer;
  const claimed = (input.forwardedFor ?? "").split(",").flatMap((hop) => hop.trim() || []);
  if (claimed.length === 0) return peer;
  if (hops > 0) return normalised(claimed.at(-Math.min(hops, claimed.length)) ?? "");
  const seen = claimed.map(normalised);
  return seen.findLast((hop) => !isProxy?.(hop)) ?? seen[0] ?? peer;
}

/** Judges whether an address lies in one of these CIDRs (as the environment holds them: valid, IPv4 never inside IPv6). */
export function rangeJudge(ranges: readonly string[]): (address: string) => boolean {
  const parsed = ranges.map((range) => ipaddr.parseCIDR(range));
  return (address) => {
    const one = ipaddr.process(address);
    return parsed.some(([network, bits]) => one.kind() === network.kind() && one.match([network, bits]));
  };
}

/** IPv4 inside IPv6 as IPv4, zone ids and ports dropped. Peers come back, and to read an address costs some microseconds. */
function normalised(text: string): string {
  const known = KNOWN.get(text);
  if (known !== undefined) return known;
  if (KNOWN.size >= KNOWN_MAX) KNOWN.clear();
  const address = read(text);
  if (text.length <= KNOWN_CHARS_MAX) KNOWN.set(text, address);
  return address;
}

const KNOWN = new Map<string, string>();
const KNOWN_MAX = 20_000;
const KNOWN_CHARS_MAX = 64;

function read(text: string): string {
  const bare = text
    .replace(/^\[(.*)\](:\d+)?$/, "$1")
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1")
    .replace(/%.*$/, "");
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : NO_ADDRESS;
}
