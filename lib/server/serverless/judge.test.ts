import { expect, test } from "vitest";
import { readEnv } from "@/lib/env";
import { makeJudge } from "./judge";

const env = readEnv({ PUBLIC_URL: "https://llm.example.com", TRUSTED_HOPS: "1" });
/** Like the front door: an object whose methods need `this`. */
class Attempts {
  readonly counted: string[] = [];

  blockedMs(_what: string, who: string): number {
    return who === "192.0.2.66" && this.counted.length === 0 ? 1500 : 0;
  }

  async count(what: string, who: string): Promise<number> {
    this.counted.push(`${what} ${who}`);
    return 0;
  }
}

const attempts = new Attempts();
const judge = makeJudge({ env, attempts });
const ask = (path: string, headers: Record<string, string> = {}) =>
  judge(new Request(`https://llm.example.com${path}`, { headers: { host: "llm.example.com", ...headers } }));
const refusal = async (path: string, headers: Record<string, string> = {}) => {
  const judged = await ask(path, headers);
  return judged.kind === "refused" ? [judged.answer.status, (await judged.answer.json()).error.code] : judged.address;
};

test("the client is whom the host's own proxy saw, whatever the client writes further left", async () => {
  expect(await refusal("/v1/models", { "x-forwarded-for": "10.9.9.9, 192.0.2.7" })).toBe("192.0.2.7");
  expect(await refusal("/v1/models")).toBe("0.0.0.0");
});

test("paths, hosts and tries are judged as our own server judges them", async () => {
  expect(await refusal("/v1//models")).toEqual([404, "not_found"]);
  expect(await refusal("/v1/%6dodels")).toEqual([404, "not_found"]);
  expect(await refusal("/v1/models", { host: "evil.test" })).toEqual([421, "unknown_host"]);
  expect(await refusal(`/v1/models?${"a".repeat(3000)}`)).toEqual([414, "target_too_long"]);
  expect(await refusal("/api/admin/tenants", { "x-forwarded-for": "192.0.2.66" })).toEqual([429, "too_many_attempts"]);
  await ask("/api/admin/tenants", { "x-forwarded-for": "192.0.2.7" });
  await ask("/api/auth/sign-in/email", { "x-forwarded-for": "192.0.2.8" });
  await ask("/api/cron/all", { "x-forwarded-for": "192.0.2.9" });
  await ask("/api/auth/two-factor/verify-totp", { "x-forwarded-for": "192.0.2.10" });
  expect(attempts.counted).toEqual([
    ...["admin_api 192.0.2.7", "sign_in 192.0.2.8", "admin_api 192.0.2.9", "sign_in 192.0.2.10"],
  ]);
});
