import { expect, test } from "vitest";
import { readEnv } from "@/lib/env";
import { hostFaults } from "./host-faults";

const secret = "s".repeat(32);
const SOUND = {
  HOST_KIND: "serverless",
  DATABASE_URL: "postgres://a@b/c",
  UPSTASH_REDIS_REST_URL: "https://a.test",
  UPSTASH_REDIS_REST_TOKEN: "t",
  KEY_PEPPER: secret,
  AUTH_SECRET: secret,
  OPERATOR_TOKEN: secret,
  CRON_SECRET: secret,
  UPSTREAM_TOTAL_SECONDS: "290",
};
const faultsOf = (more: Record<string, string>) =>
  hostFaults(readEnv({ ...SOUND, ...more })).map((text) => text.split(":")[0]);

test("a serverless host is named, or known by what Vercel sets; its disk is /tmp, its client the last hop's", () => {
  expect(readEnv({}).hostKind).toBe("server");
  expect(readEnv(SOUND)).toMatchObject({ hostKind: "serverless", dataDir: "/tmp/spillway", trustedHops: 0 });
  const vercels = { VERCEL: "1", VERCEL_URL: "x-1.vercel.app", VERCEL_PROJECT_PRODUCTION_URL: "x.vercel.app" };
  expect(readEnv(vercels)).toMatchObject({
    hostKind: "serverless",
    trustedHops: 1,
    allowedHosts: ["x-1.vercel.app"],
    publicUrl: "https://x.vercel.app",
  });
  expect(readEnv({ VERCEL: "1", HOST_KIND: "server", DATA_DIR: "/d" })).toMatchObject({
    hostKind: "server",
    dataDir: "/d",
  });
});

test("what cannot work on a serverless host is refused, each setting by its name", () => {
  expect(faultsOf({})).toEqual([]);
  const unset = ["DATABASE_URL", "KEY_PEPPER", "AUTH_SECRET", "OPERATOR_TOKEN", "CRON_SECRET"];
  for (const name of unset) expect(faultsOf({ [name]: "" })).toEqual([name]);
  expect(faultsOf({ UPSTASH_REDIS_REST_URL: "", UPSTASH_REDIS_REST_TOKEN: "" })).toEqual(["UPSTASH_REDIS_REST_URL"]);
  expect(faultsOf({ UPSTREAM_TOTAL_SECONDS: "" })).toEqual(["UPSTREAM_TOTAL_SECONDS"]);
  for (const [name, value] of Object.entries({
    TRUSTED_PROXIES: "10.0.0.0/8",
    PLANE: "gateway",
    CONSOLE_PORT: "1",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://a.test",
  }))
    expect(faultsOf({ [name]: value })).toEqual([name]);
  const cluster = { UPSTASH_REDIS_REST_URL: "", UPSTASH_REDIS_REST_TOKEN: "", REDIS_CLUSTER: "redis://a:1" };
  expect(faultsOf(cluster)).toEqual([]);
  expect(faultsOf({ ...cluster, REDIS_CLUSTER_TENANTS: "apart" })).toEqual(["REDIS_CLUSTER_TENANTS"]);
});
