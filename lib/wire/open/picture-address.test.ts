import ipaddr from "ipaddr.js";
import { expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { isPublicAddress } from "@/lib/network";
import { parseChat } from "../openai/parse-chat";
import { parseResponses } from "../responses/parse-responses";
import { isPictureAddress, placeOf } from "./picture-address";

/** What the URL parser itself says of it. */
function isInner(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (protocol === "file:") return true;
  if (!["http:", "https:", "ftp:", "ws:", "wss:"].includes(protocol)) return false;
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const isName =
    !ipaddr.isValid(host) && /[.:]/.test(host) && !/(^|\.)(localhost|local|internal|home\.arpa)$/i.test(host);
  return username !== "" || password !== "" || !(isName || (ipaddr.isValid(host) && isPublicAddress(host)));
}

const piece = fc.constantFrom(
  ...["http", "HTTPS", "ftp", "ws", "file", "data", "s3", ":", ":", "//", "/", "\\", "?", "#", "@", "a", ".", "."],
  ...["127.0.0.1", "8.8.8.8", "0x7f.1", "2130706433", "[::1]", "[2001:4860:4860::8888]", "localhost", "LOCAL"],
  ...["x.internal", "example.com", ":80", " ", "\t", "\n", "\r", "\0", "<", ">", "|", "^", "xn--mnchen-3ya.de"],
);

/** One with a name before the host is refused, even where a URL parser would not read it. */
function expectSame(text: string): void {
  const isRefused = placeOf(text) === "inner";
  expect([text, isRefused]).toEqual([text, isInner(text) || (isRefused && text.includes("@"))]);
}

test("an address in ASCII is judged as a URL parser reads it", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
      const text = pieces.join("");
      expectSame(text);
    }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 7 }), (pieces) => {
      const text = `https://${pieces.join("")}`;
      expectSame(text);
    }),
  );
});

test.each([
  ["letters that a parser maps one by one", `https://${"\u00fc.".repeat(2_000_000)}b/`],
  ["signs that stand for several letters", `https://${"\u337f".repeat(1_000_000)}/`],
  ["full-width digits of an inner address", "https://\uff11\uff12\uff17.0.0.1/"],
  ["an inner address with a letter that is left out", "https://127\u00ad.0.0.1/"],
  ["encoded letters", `https://${"%C3%BC.".repeat(500_000)}b/`],
  ["a host that is longer than any", `https://${"a.".repeat(2_000_000)}b/`],
])("a host that nobody looks up is refused without being mapped: %s", (_name, address) => {
  expect(placeOf(address)).toBe("inner");
  expect(isPictureAddress(address)).toBe(false);
});

test.each([
  "https://xn--mnchen-3ya.de/a.png",
  `https://a.example/${"\u00fc".repeat(100_000)}`,
  "https://a.example:8443?b=%20",
])("others stay public", (address) => {
  expect([placeOf(address), isPictureAddress(address)]).toEqual(["public", true]);
});

test.each(["https://$HOME.de/", "https://a,b.de", 'https://"', "https://a(b).de/"])(
  "a host that nobody could look up is no address: %s",
  (address) => {
    expect([placeOf(address), isPictureAddress(address)]).toEqual(["elsewhere", false]);
  },
);

test("a body names at most 4,000 addresses", () => {
  const picture = { type: "image_url", image_url: "https://a.example/b.png" };
  const asked = (count: number) => ({
    model: "m",
    messages: [{ role: "user", content: Array.from({ length: count }, () => picture) }],
  });
  expect(parseChat(asked(4000)).imageCount).toBe(4000);
  expect(() => parseChat(asked(4001))).toThrow("more than 4000 addresses");
  const input = Array.from({ length: 1500 }, () => ({ role: "user", content: [picture, picture, picture] }));
  expect(() => parseResponses({ model: "m", input })).toThrow("more than 4000 addresses");
});
