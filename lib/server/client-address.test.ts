import { expect, test } from "vitest";
import { clientAddress } from "./client-address";

test.each([
  ["no hops: the socket, whatever is claimed", "9.9.9.9", "1.1.1.1", 0, "9.9.9.9"],
  ["one hop: what our proxy saw", "10.0.0.1", "1.1.1.1, 2.2.2.2", 1, "2.2.2.2"],
  ["two hops", "10.0.0.1", "1.1.1.1, 2.2.2.2, 10.0.0.2", 2, "2.2.2.2"],
  ["more hops than there are: the outermost", "10.0.0.1", "2.2.2.2", 5, "2.2.2.2"],
  ["a hop without a list: the socket", "10.0.0.1", undefined, 1, "10.0.0.1"],
  ["IPv4 inside IPv6", "::ffff:1.2.3.4", undefined, 0, "1.2.3.4"],
  ["port and brackets", "x", "[2001:db8::1]:443", 1, "2001:db8::1"],
  ["port", "x", "1.2.3.4:5678", 1, "1.2.3.4"],
  ["zone", "fe80::1%eth0", undefined, 0, "fe80::1"],
  ["nonsense", "x", "<script>", 1, "0.0.0.0"],
  ["nothing", undefined, undefined, 0, "0.0.0.0"],
])("%s", (_name, peer, forwardedFor, trustedHops, address) => {
  expect(clientAddress({ peer, forwardedFor, trustedHops })).toBe(address);
});
