import { expect, test } from "vitest";
import { isPublicAddress } from "@/lib/network";
import { baseUrlFault } from "./catalog";

test.each([
  ["https://api.openai.com/v1", false, null],
  ["http://127.0.0.1:8000/v1", true, null],
  ["simulator:", false, null],
  ["http://127.0.0.1:8000/v1", false, "must begin with https://"],
  ["ftp://a.test/v1", true, "must begin with https://"],
  ["https://a@b.test/v1", false, "must not carry a user"],
  ["https://a.test/v1?x=1", false, "must not carry a user, a fragment or a query"],
  ["https://a.test/v1#x", false, "fragment"],
  ["https://a.test/v1/", false, "must not end with a slash"],
  ["https://8.8.8.8/v1", false, null],
  ["https://[fd00::1]/v1", true, null],
  ["https://127.0.0.1/v1", false, "is not a public address"],
  ["https://2130706433/v1", false, "is not a public address"],
  ["https://0x7f.1/v1", false, "is not a public address"],
  ["https://0177.0.0.1/v1", false, "is not a public address"],
  ["https://169.254.169.254./v1", false, "is not a public address"],
  ["https://[::ffff:169.254.169.254]/v1", false, "is not a public address"],
  ["https://127\u30020\u30020\u30021/v1", false, "is not a public address"],
  ["not a url", false, "is not a URL"],
])("%s (local: %s) → %s", (url, allowLocal, fault) => {
  if (fault === null) expect(baseUrlFault(url, allowLocal)).toBeNull();
  else expect(baseUrlFault(url, allowLocal)).toContain(fault);
});

test.each([
  ["8.8.8.8", true],
  ["2606:4700::1111", true],
  ["127.0.0.1", false],
  ["10.1.2.3", false],
  ["100.64.0.1", false],
  ["169.254.169.254", false],
  ["172.16.0.1", false],
  ["192.168.1.1", false],
  ["198.18.0.1", false],
  ["0.0.0.0", false],
  ["224.0.0.1", false],
  ["::1", false],
  ["::ffff:169.254.169.254", false],
  ["fd00::1", false],
  ["fe80::1", false],
  ["64:ff9b::a00:1", false],
  ["2002:a00:1::", false],
  ["localhost", false],
  ["::7f00:1", false],
  ["::127.0.0.1", false],
  ["4000::1", false],
  ["64:ff9b::7f00:1", false],
  ["168.63.129.16", false],
  ["168.63.129.17", true],
])("%s is public: %s", (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic);
});
