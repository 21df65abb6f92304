import ipaddr from "ipaddr.js";
import { expect, test } from "vitest";
import { clientAddress, rangeJudge } from "@/lib/server/net/client-address";
import { isPlainPath } from "@/lib/server/net/guard";
import { isJsonType } from "@/lib/wire/media-type";
import { rounds } from "./fuzz.suite";

const PATH_PARTS = [
  ...["v1", "api", "admin", "chat", "models", "completions", "overview", "a"],
  ...["/", "/", "/", ".", "..", "%2e", "%2E%2e", "%2f", "%5c", "\\", "%00", "%", "%zz", "%25", "%252e", ";x=1", "%61"],
  ...["\u00e9", "%c3%a9", "%ff", " ", "%20", "[b]", "@", ":", "~", "#", "\t"],
];

test("a path that is served is the same path to everybody who might read it again", () => {
  let served = 0;
  rounds(20_000, (chance) => {
    const path = `/${Array.from({ length: 1 + chance.below(8) }, () => chance.pick(PATH_PARTS)).join("")}`;
    if (!isPlainPath(path)) return;
    served += 1;
    const read = new URL(`http://host${path}`);
    expect(read.pathname).toBe(path);
    expect(read.search + read.hash).toBe("");
    const isModel = path.startsWith("/v1/models/");
    const decoded = decodeURIComponent(path);
    // A model's name may hold slashes, and names nothing else.
    if (!isModel) expect(decoded.split("/").length).toBe(path.split("/").length);
    expect(decoded.split("/").some((part) => part === "." || part === ".." || part === "")).toBe(
      path === "/" ? true : path.startsWith("/"),
    );
    expect(decoded.slice(1).split("/")).not.toContain("..");
    expect(decoded.slice(1).split("/")).not.toContain(".");
  });
  expect(served).toBeGreaterThan(500);
});

const HOPS = [
  ...["1.2.3.4", "10.0.0.1", "127.0.0.1", "::1", "::ffff:10.0.0.1", "[2001:db8::1]:99", "1.2.3.4:99", "fe80::1%eth0"],
  ...[
    "unknown",
    "_hidden",
    "",
    " ",
    "1.2.3",
    "999.1.1.1",
    "0x7f.1",
    "2130706433",
    "a".repeat(300),
    "\u0000",
    "for=1.1.1.1",
  ],
];

test("whatever a client writes into X-Forwarded-For, its address is one that the trusted peer saw", () => {
  const isProxy = rangeJudge(["10.0.0.0/8"]);
  rounds(5000, (chance) => {
    const written = Array.from({ length: chance.below(6) }, () => chance.pick(HOPS)).join(
      chance.pick([",", ", ", " ,"]),
    );
    const seen = "203.0.113.9";
    const forwardedFor = written === "" ? seen : `${written}, ${seen}`;
    const told = (trust: Parameters<typeof clientAddress>[0]["trust"], peer: string) =>
      clientAddress({ peer, forwardedFor, trust });
    expect(told({ hops: 1, isProxy: null }, "10.0.0.2")).toBe(seen);
    expect(told({ hops: 0, isProxy }, "10.0.0.2")).toBe(seen);
    expect(told({ hops: 0, isProxy }, "192.0.2.1")).toBe("192.0.2.1");
    expect(told({ hops: 0, isProxy: null }, "192.0.2.1")).toBe("192.0.2.1");
    expect(
      ipaddr.isValid(clientAddress({ peer: written, forwardedFor: written, trust: { hops: 2, isProxy: null } })),
    ).toBe(true);
  });
});

test("a media type is taken for JSON only when it is that", () => {
  const parts = [
    "application/json",
    "json",
    "text/",
    ";",
    "charset=utf-8",
    "charset=utf-16",
    " ",
    ",",
    "\t",
    '"',
    "=",
    "+json",
    "q=1",
  ];
  rounds(5000, (chance) => {
    const value = Array.from({ length: 1 + chance.below(5) }, () => chance.pick(parts)).join("");
    if (isJsonType(value)) expect(value).toMatch(/^[ \t]*application\/json[ \t]*(;|$)/);
  });
});
