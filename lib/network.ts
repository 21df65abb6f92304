import ipaddr from "ipaddr.js";

const IPV6_SUBSCRIBER_BITS = 64;

/** One IPv4 address, or the /64 that an IPv6 subscriber owns whole. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return "unknown";
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${IPV6_SUBSCRIBER_BITS}`).toNormalizedString()}/64`;
}
