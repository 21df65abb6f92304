import { expect, test } from "vitest";
import { deviceCookie, triedBy } from "./known-device";

const of = { secret: "a secret of this installation", email: "ada@example.com" };
const cookie = (more: Partial<typeof of> = {}) =>
  deviceCookie({ ...of, ...more, isSecure: true }).split(";")[0] ?? "never";

test("a browser that was in before is counted by itself", () => {
  const [one, other] = [triedBy(`a=b; ${cookie()}`, of), triedBy(cookie(), { ...of, email: " Ada@Example.com " })];
  expect(one).toMatch(/^ada@example\.com\n/);
  expect(other).toMatch(/^ada@example\.com\n/);
  expect(one).not.toBe(other);
  expect(deviceCookie({ ...of, isSecure: true })).toMatch(/; HttpOnly; SameSite=Strict; Secure$/);
});

test.each([
  ["none", ""],
  ["another operator's", cookie({ email: "eve@example.com" })],
  ["another installation's", cookie({ secret: "another secret" })],
  ["one made up", `spillway.device=${"a".repeat(22)}.${"b".repeat(43)}`],
  ["a part of one", cookie().slice(0, -1)],
  ["one under another name", cookie().replace("spillway.device", "spillway.devices")],
  ["one that is no text of ours", "spillway.device=%"],
])("a stranger with %s is counted with all other strangers", (_name, cookies) => {
  expect(triedBy(cookies, of)).toBe("ada@example.com");
});
