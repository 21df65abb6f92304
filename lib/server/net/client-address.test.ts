import { describe, expect, test } from "vitest";
import { clientAddress, rangeJudge } from "./client-address";

test.each([
  ["no hops: the socket, whatever is claimed", "9.9.9.9", "1.1.1.1", 0, "9.9.9.9"],
  ["one hop: what our proxy saw", "10.0.0.1", "1.1.1.1, 2.2.2.2", 1, "2.2.2.2"],
  ["two hops", "10.0.0.1", "1.1.1.1, 2.2.2.2, 10.0.0.2", 2, "2.2.2.2"],
  ["more hops than there are: the outermost", "10.0.0.1", "2.2.2.2", 5, "2.2.2.2"],
  ["a hop without a list: the socket", "10.0.0.1", undefined, 1, "10.0.0.1"],
  ["empty entries", "10.0.0.1", "1.1.1.1,, 2.2.2.2 , ,", 1, "2.2.2.2"],
  ["a list longer than any cut", "10.0.0.1", `${"1.1.1.1,".repeat(300)} 2.2.2.2`, 1, "2.2.2.2"],
  ["one entry longer than any cut", "10.0.0.1", `${"1".repeat(4000)}, 2.2.2.2`, 1, "2.2.2.2"],
  ["IPv4 inside IPv6", "::ffff:1.2.3.4", undefined, 0, "1.2.3.4"],
  ["port and brackets", "x", "[2001:db8::1]:443", 1, "2001:db8::1"],
  ["port", "x", "1.2.3.4:5678", 1, "1.2.3.4"],
  ["zone", "fe80::1%eth0", undefined, 0, "fe80::1"],
  ["nonsense", "x", "<script>", 1, "0.0.0.0"],
  ["nothing", undefined, undefined, 0, "0.0.0.0"],
])("%s", (_name, peer, forwardedFor, hops, address) => {
  expect(clientAddress({ peer, forwardedFor, trust: { hops, isProxy: null } })).toBe(address);
});

describe("with named proxies", () => {
  const isProxy = rangeJudge(["10.0.0.0/8", "192.0.2.7/32", "fd00::/8"]);
  test.each([
    ["a client that comes past the proxies is never believed", "9.9.9.9", "1.1.1.1", 0, "9.9.9.9"],
    ["nor with hops", "9.9.9.9", "1.1.1.1, 2.2.2.2", 1, "9.9.9.9"],
    ["nor by a list of proxies' addresses", "9.9.9.9", "1.1.1.1, 10.0.0.1", 0, "9.9.9.9"],
    ["nor when the peer is not known", undefined, "1.1.1.1", 0, "0.0.0.0"],
    ["what the proxy saw", "10.0.0.1", "1.1.1.1, 2.2.2.2", 0, "2.2.2.2"],
    ["past a second proxy", "10.0.0.1", "1.1.1.1, 2.2.2.2, 192.0.2.7", 0, "2.2.2.2"],
    ["IPv4 inside IPv6", "::ffff:10.0.0.1", "1.1.1.1, ::ffff:2.2.2.2, ::ffff:10.9.9.9", 0, "2.2.2.2"],
    ["over IPv6", "fd00::1", "2001:db8::1, fd00::2", 0, "2001:db8::1"],
    ["proxies alone: the outermost", "10.0.0.1", "10.0.0.3, 10.0.0.2", 0, "10.0.0.3"],
    ["no list: the proxy itself", "10.0.0.1", undefined, 0, "10.0.0.1"],
    ["nonsense to the right of what was claimed", "10.0.0.1", "1.1.1.1, unknown", 0, "0.0.0.0"],
    ["hops say which: a client of the proxies' own network", "10.0.0.1", "1.1.1.1, 10.0.0.9", 1, "10.0.0.9"],
    ["a list longer than any cut", "10.0.0.1", `${"1.1.1.1,".repeat(300)} 2.2.2.2, 10.0.0.2`, 0, "2.2.2.2"],
  ])("%s", (_name, peer, forwardedFor, hops, address) => {
    expect(clientAddress({ peer, forwardedFor, trust: { hops, isProxy } })).toBe(address);
  });
});
