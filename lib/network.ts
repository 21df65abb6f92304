import ipaddr from "ipaddr.js";

const IPV6_SUBSCRIBER_BITS = 64;
const IPV6_SITE_BITS = 48;

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

/** The /48 that one site may own, with 65,536 subscribers' networks in it. Null for anything but IPv6. */
export function siteOf(address: string): string | null {
  if (!ipaddr.isValid(address)) return null;
  const parsed = ipaddr.process(address);
  return parsed.kind() === "ipv4" ? null : prefixOf(parsed.toString(), IPV6_SITE_BITS);
}

function networkFrom(address: string): string {
  if (!ipaddr.isValid(address)) return "unknown";
  const parsed = ipaddr.process(address);
  return parsed.kind() === "ipv4" ? parsed.toString() : prefixOf(parsed.toString(), IPV6_SUBSCRIBER_BITS);
}

function prefixOf(address: string, bits: number): string {
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`).toNormalizedString()}/${bits}`;
}

/**
 * Whether an address literal lies in public unicast space; IPv4 inside IPv6 is judged as IPv4. Of IPv6 only 2000::/3 is
 * given out: all else that no list names, such as the old ::127.0.0.1, is for nobody outside.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const read = ipaddr.process(address);
  if (read.range() !== "unicast") return false;
  if (read instanceof ipaddr.IPv6) return read.match(GIVEN_OUT);
  return read.toString() !== AZURE_HOST;
}

const GIVEN_OUT = ipaddr.IPv6.parseCIDR("2000::/3");
/** Public by its number, and on every machine there the door to the machine's own agent. */
const AZURE_HOST = "168.63.129.16";
