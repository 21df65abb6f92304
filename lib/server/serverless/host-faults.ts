import type { Env } from "@/lib/env";

/** The longest run of a function at such a host, ms. */
const FUNCTION_MS_MAX = 800_000;

/** Settings that cannot work where the host stops the process between requests; one line each, empty = none. */
export function hostFaults(env: Env): readonly string[] {
  const here = "on a serverless host (HOST_KIND)";
  const faults: readonly (readonly [isFault: boolean, text: string])[] = [
    [env.databaseUrl === null, `DATABASE_URL: ${here} no PostgreSQL can be started beside it; name one`],
    [env.redis === null, `UPSTASH_REDIS_REST_URL: ${here} counters cannot live in the process; name a store`],
    [
      env.redis?.kind === "cluster" && env.redis.tenants === "apart",
      `REDIS_CLUSTER_TENANTS: ${here} nobody renews leased shares; use "together"`,
    ],
    [env.keyPepper === null, `KEY_PEPPER: ${here} no secret is kept on disk; set it`],
    [env.authSecret === null, `AUTH_SECRET: ${here} no secret is kept on disk; set it`],
    [env.operatorToken === null, `OPERATOR_TOKEN: ${here} no secret is kept on disk; set it`],
    [env.cronSecret === null, `CRON_SECRET: ${here} background jobs come by cron routes, which need it; set it`],
    [
      env.trustedProxies.length > 0,
      `TRUSTED_PROXIES: ${here} no peer's address is known; set TRUSTED_HOPS to the number of proxies instead`,
    ],
    [env.plane !== "all", `PLANE: ${here} every function serves calls and console; leave it out`],
    [env.consolePort !== null, `CONSOLE_PORT: ${here} there are no ports; leave it out`],
    [env.telemetry !== null, `OTEL_EXPORTER_OTLP_ENDPOINT: ${here} nothing is sent between calls; leave it out`],
    [
      env.upstream.totalMs > FUNCTION_MS_MAX,
      `UPSTREAM_TOTAL_SECONDS: ${here} a call ends with its function; set it below the longest run of a function (at most ${FUNCTION_MS_MAX / 1000})`,
    ],
  ];
  return faults.flatMap(([isFault, text]) => (isFault ? [text] : []));
}
