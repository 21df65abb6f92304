import ipaddr from "ipaddr.js";

/** Stands for "not known": no limit by address can tell such clients apart, so they share one. */
export const NO_ADDRESS = "0.0.0.0";
const FORWARDED_CHARS_MAX = 2048;

/**
 * The client's address: the peer of the socket, or, behind `trustedHops` proxies of our own, the address that the
 * outermost of them saw. What a client writes into X-Forwarded-For itself stands further left and counts for nothing.
 */
export function clientAddress(input: {
  peer: string | undefined;
  forwardedFor: string | undefined;
  trustedHops: number;
}): string {
  const chain = [...(input.forwardedFor ?? "").slice(0, FORWARDED_CHARS_MAX).split(","), input.peer ?? ""].map((hop) =>
    hop.trim(),
  );
  const seen = chain.filter((hop) => hop !== "");
  const chosen = seen.at(-1 - Math.min(input.trustedHops, seen.length - 1));
  return normalised(chosen ?? "");
}

/** IPv4 inside IPv6 as IPv4, zone ids and ports dropped. */
function normalised(text: string): string {
  const bare = text
    .replace(/^\[(.*)\](:\d+)?$/, "$1")
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1")
    .replace(/%.*$/, "");
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : NO_ADDRESS;
}
