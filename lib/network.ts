import ipaddr from "ipaddr.js";

const IPV6_SUBSCRIBER_BITS = 64;

/** One IPv4 address, or the /64 that an IPv6 subscriber owns whole. */
export function networkOf(address: string): string {
  const known = KNOWN.get(address);
  if (known !== undefined) return known;
  if (KNOWN.size >= KNOWN_MAX) KNOWN.clear();
  const network = networkFrom(address);
  KNOWN.set(address, network);
  return network;
}

/** Callers come back, and to read an address costs some microseconds. */
const KNOWN = new Map<string, string>();
const KNOWN_MAX = 20_000;

function networkFrom(address: string): string {
  if (!ipaddr.isValid(address)) return "unknown";
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${IPV6_SUBSCRIBER_BITS}`).toNormalizedString()}/64`;
}
