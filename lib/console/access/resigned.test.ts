import { serializeSignedCookie } from "better-call";
import { expect, test } from "vitest";
import { resigned } from "./resigned";

const [NOW, BEFORE, FOREIGN] = ["now-".repeat(10), "before-".repeat(10), "foreign-".repeat(10)];
const signed = async (value: string, secret: string) =>
  (await serializeSignedCookie("name", value, secret)).slice("name=".length);
const at = (cookies: string) => resigned({ cookies, prefix: "spillway", current: NOW, earlier: [BEFORE] });

test("a session cookie of an earlier secret is signed with the current one, as the sign-in library signs", async () => {
  for (const name of ["spillway.session_token", "__Host-spillway.session_token"]) {
    const cookies = `theme=dark; ${name}=${await signed("a.token+/=", BEFORE)}; other=1`;
    expect(at(cookies)).toBe(`theme=dark; ${name}=${await signed("a.token+/=", NOW)}; other=1`);
  }
});

test("cookies of the current secret, of a stranger's, of others, and broken ones stay as they are", async () => {
  const [good, foreign] = [await signed("token", NOW), await signed("token", FOREIGN)];
  const before = await signed("token", BEFORE);
  for (const value of [good, foreign, "", ".", "token", "token.", "%", `${before}x`, `x${before}`])
    expect(at(`spillway.session_token=${value}`)).toBeNull();
  expect(at(`another.session_token=${before}`)).toBeNull();
  expect(at("")).toBeNull();
});
