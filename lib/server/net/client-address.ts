import ipaddr from "ipaddr.js";

/** The address is unknown. Such clients cannot be told apart, so they share one limit by address. */
export const NO_ADDRESS = "0.0.0.0";

/** Which part of X-Forwarded-For is trusted, and from which peers. */
export type Trust = {
  /** number of our own proxies in front; 0 = only `isProxy` decides */
  readonly hops: number;
  /** whether an address is one of our proxies; null = none are named, and any peer may be one */
  readonly isProxy: ((address: string) => boolean) | null;
};

/**
 * The client's address: the peer of the socket or, behind our own proxies, the address that the outermost proxy saw.
 * Entries are counted from the right. What a client itself writes into X-Forwarded-For stands further left and is
 * ignored, at any length (the server bounds the size of all headers). A peer that is not one of the named proxies is
 * the client, whatever it sends.
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

/** Checks whether an address is in one of these CIDRs (valid in the environment, IPv4 never inside IPv6). */
export function rangeJudge(ranges: readonly string[]): (address: string) => boolean {
  const parsed = ranges.map((range) => ipaddr.parseCIDR(range));
  return (address) => {
    const one = ipaddr.process(address);
    return parsed.some(([network, bits]) => one.kind() === network.kind() && one.match([network, bits]));
  };
}

/** IPv4 inside IPv6 becomes IPv4; zone ids and ports are dropped. Cached, because parsing takes some microseconds. */
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
