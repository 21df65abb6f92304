import dns from "node:dns";
import type { LookupFunction } from "node:net";
import { isPublicAddress } from "@/lib/network";

/**
 * A name look-up that refuses loopback, private, link-local and other non-public addresses at the moment of connecting. A
 * check of the URL's text alone would miss names that resolve to internal addresses, and names that change after the check.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, [], 0);
    const inward = addresses.find((entry) => !isPublicAddress(entry.address));
    if (inward !== undefined || addresses.length === 0)
      return callback(new Error("the provider's host is not public"), [], 0);
    if (options.all === true) return callback(null, addresses);
    const [first] = addresses;
    return callback(null, first?.address ?? "", first?.family);
  });
};
