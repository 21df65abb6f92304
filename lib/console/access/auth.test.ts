import { drizzle } from "drizzle-orm/node-postgres";
import { expect, test } from "vitest";
import { makeLog } from "@/lib/log";
import { makeAuth } from "./auth";

async function cookiesAt(publicUrl: string) {
  const secret = "s".repeat(32);
  const db = drizzle.mock();
  const auth = makeAuth({ db, secret, earlierSecrets: [], publicUrl, oidc: null, log: makeLog("silent") });
  const { authCookies, createAuthCookie } = await auth.$context;
  return [authCookies.sessionToken, createAuthCookie("two_factor"), createAuthCookie("state")];
}

test("behind TLS no page of a neighbouring host name can set a cookie of ours", async () => {
  for (const { name, attributes } of await cookiesAt("https://console.example.com")) {
    expect(name).toMatch(/^__Host-spillway\./);
    expect(attributes).toMatchObject({ path: "/", secure: true, httpOnly: true, sameSite: "lax" });
    expect(attributes).not.toHaveProperty("domain");
  }
});

test("without TLS the cookies have the names that a browser takes there", async () => {
  for (const { name, attributes } of await cookiesAt("http://127.0.0.1:3000")) {
    expect(name).toMatch(/^spillway\./);
    expect(attributes).toMatchObject({ path: "/", secure: false, httpOnly: true });
  }
});
