import { describe, expect, test } from "vitest";
import { readEnv } from "./env";
import { BootFault } from "./errors";

const faultOf = (source: Record<string, string>) => {
  try {
    readEnv(source);
    return null;
  } catch (error) {
    if (error instanceof BootFault) return error.message;
    throw error;
  }
};

test("nothing set is a sound environment", () => {
  expect(readEnv({})).toMatchObject({
    port: 3000,
    host: "127.0.0.1",
    plane: "all",
    trustedHops: 0,
    databaseUrl: null,
    publicUrl: "http://127.0.0.1:3000",
  });
  expect(readEnv({ PORT: "", DATABASE_URL: "" }).port).toBe(3000);
});

test("the console's origin follows host and port unless it is named", () => {
  expect(readEnv({ HOST: "::1", PORT: "8080" }).publicUrl).toBe("http://[::1]:8080");
  expect(readEnv({ PUBLIC_URL: "https://console.example.com/" }).publicUrl).toBe("https://console.example.com");
});

test("proxies are addresses or CIDRs, IPv4 inside IPv6 as IPv4", () => {
  const ranges = " 10.0.0.0/8, 192.0.2.7,::1 ,::ffff:172.16.0.0/108,";
  expect(readEnv({ TRUSTED_PROXIES: ranges }).trustedProxies).toEqual([
    "10.0.0.0/8",
    "192.0.2.7/32",
    "::1/128",
    "172.16.0.0/12",
  ]);
});

test("variables that may be sent to a provider are listed with their hosts", () => {
  const { credentialHosts } = readEnv({ PROVIDER_CREDENTIALS: "MY_KEY@a.test, MY_KEY@b.test:8443,OTHER_KEY@a.test" });
  expect([...credentialHosts]).toEqual([
    ["MY_KEY", ["a.test", "b.test:8443"]],
    ["OTHER_KEY", ["a.test"]],
  ]);
  for (const entry of ["MY_KEY", "MY_KEY@https://a.test", "my_key@a.test", "MY_KEY@"])
    expect(faultOf({ PROVIDER_CREDENTIALS: entry })).toContain("is not VARIABLE@host");
});

test("a cluster is named by some of its nodes", () => {
  const { redis } = readEnv({ REDIS_CLUSTER: "redis://a:1, rediss://user:pass@b:2" });
  expect(redis).toEqual({ kind: "cluster", urls: ["redis://a:1", "rediss://user:pass@b:2"], tenants: "together" });
});

test("no setting of the process itself can be listed", () => {
  const own = ["KEY_PEPPER", "AUTH_SECRET", "OPERATOR_TOKEN", "DATABASE_URL", "REDIS_URL", "UPSTASH_REDIS_REST_TOKEN"];
  for (const name of [...own, "CREDENTIALS_KEY", "METRICS_TOKEN", "OIDC_CLIENT_SECRET", "HOME", "PATH", "NODE_OPTIONS"])
    expect(faultOf({ PROVIDER_CREDENTIALS: `${name}@a.test` })).toContain("never sent");
});

describe("a wrong variable is named, with what is wrong", () => {
  test.each([
    [{ PORT: "0" }, "PORT"],
    [{ PORT: "70000" }, "PORT"],
    [{ PORT: "http" }, "PORT"],
    [{ TRUSTED_HOPS: "-1" }, "TRUSTED_HOPS"],
    [{ TRUSTED_PROXIES: "10.0.0.0/8, our-proxy" }, "TRUSTED_PROXIES: our-proxy is neither an address nor a CIDR"],
    [{ TRUSTED_PROXIES: "10.0.0.0/33" }, "TRUSTED_PROXIES"],
    [{ PLANE: "both" }, "PLANE"],
    [{ REDIS_CLUSTER: "redis://a:1,b:2" }, "REDIS_CLUSTER: must be addresses"],
    [{ REDIS_URL: "redis://a", REDIS_CLUSTER: "redis://b" }, "REDIS_URL: set one of"],
    [{ DATABASE_URL: "mysql://x" }, "DATABASE_URL: must begin with postgres://"],
    [{ KEY_PEPPER: "short" }, "KEY_PEPPER: must have at least 32 characters"],
    [{ PUBLIC_URL: "console" }, "PUBLIC_URL"],
    [{ PUBLIC_URL: "https://example.com/spillway" }, "PUBLIC_URL"],
    [{ DRAIN_SECONDS: "soon" }, "DRAIN_SECONDS"],
  ])("%j", (source, text) => {
    expect(faultOf(source)).toContain(text);
  });

  test("several at once, a line each", () => {
    expect(faultOf({ PORT: "x", PLANE: "y" })?.split("\n")).toHaveLength(2);
  });
});

test.each([
  { name: "OPERATOR_TOKENS_EARLIER", read: "earlierOperatorTokens" },
  { name: "AUTH_SECRETS_EARLIER", read: "earlierAuthSecrets" },
] as const)("$name is a list, and none of it is short", ({ name, read }) => {
  const [one, two] = ["a".repeat(32), "b".repeat(40)];
  expect(readEnv({ [name]: `${one}, ${two}` })[read]).toEqual([one, two]);
  expect(readEnv({ [name]: `${one},` })[read]).toEqual([one]);
  expect(readEnv({})[read]).toEqual([]);
  for (const wrong of ["short", `${one},short`, `${one} ${two}`])
    expect(() => readEnv({ [name]: wrong })).toThrow(name);
});
