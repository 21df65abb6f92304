import path from "node:path";
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { DAY_SECONDS } from "@/lib/clock";
import { BootFault } from "./errors";
import { OIDC_VARIABLES, oidcOf } from "./settings/oidc";

const BYTES_PER_MB = 1024 * 1024;
const port = z.coerce.number().int().min(1).max(65535);

const POSTGRES_URL = /^postgres(ql)?:\/\//;

const variables = z.object({
  PORT: port.default(3000),
  HOST: z.string().min(1).default("127.0.0.1"),
  HOST_KIND: z.enum(["server", "serverless"]).optional(),
  VERCEL: z.string().optional(),
  VERCEL_URL: z.string().default(""),
  VERCEL_PROJECT_PRODUCTION_URL: z.string().optional(),
  CRON_SECRET: z.string().min(16, "must have at least 16 characters").optional(),
  DATA_DIR: z.string().min(1).optional(),
  DATABASE_URL: z.string().regex(POSTGRES_URL, "must begin with postgres:// or postgresql://").optional(),
  DATABASE_OWNER_URL: z.string().regex(POSTGRES_URL, "must begin with postgres:// or postgresql://").optional(),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, "must begin with redis:// or rediss://")
    .optional(),
  REDIS_CLUSTER: z
    .string()
    .regex(
      /^rediss?:\/\/[^\s,]+(?:\s*,\s*rediss?:\/\/[^\s,]+)*$/,
      "must be addresses that begin with redis:// or rediss://, with commas between",
    )
    .optional(),
  REDIS_CLUSTER_TENANTS: z.enum(["together", "apart"]).default("together"),
  UPSTASH_REDIS_REST_URL: z.url({ protocol: /^https?$/ }).optional(),
  UPSTASH_REDIS_REST_TOKEN: z.string().optional(),
  REDIS_PREFIX: z
    .string()
    .regex(/^[a-z0-9-]{1,12}$/, "up to 12 of a-z, 0-9 and the dash")
    .optional(),
  REDIS_COMMAND_MS: z.coerce.number().int().min(1).max(10_000).optional(),
  EXPECTED_INSTANCES: z.coerce.number().int().min(1).max(1000).default(1),
  CALLS_AT_ONCE: z.coerce.number().int().min(1).max(100_000).default(1000),
  BODY_MB_MAX: z.coerce.number().min(0.01).max(64).default(4),
  BODY_MB_AT_ONCE: z.coerce.number().min(1).max(4096).default(64),
  BODY_WAIT_SECONDS: z.coerce.number().min(0).max(60).default(5),
  BODY_SECONDS: z.coerce.number().min(1).max(600).default(15),
  BODY_BYTES_PER_SECOND: z.coerce.number().int().min(0).max(1_000_000).default(1024),
  FAILED_CALLS_PER_MINUTE: z.coerce.number().int().min(0).max(1_000_000).default(600),
  SPILLWAY_DOOR: z.enum(["own", "next"]).default("own"),
  PLANE: z.enum(["all", "gateway", "console"]).default("all"),
  PLANES: z.enum(["apart", "together"]).default("apart"),
  CALL_PROCESSES: z.coerce.number().int().min(1).max(64).optional(),
  CONSOLE_PORT: port.optional(),
  TRUSTED_HOPS: z.coerce.number().int().min(0).max(10).optional(),
  TRUSTED_PROXIES: z
    .string()
    .default("")
    .transform((text, context) =>
      text.split(",").flatMap((entry) => {
        const range = entry.trim();
        if (range === "") return [];
        const cidr = cidrOf(range);
        if (cidr === null) context.addIssue({ code: "custom", message: `${range} is neither an address nor a CIDR` });
        return cidr ?? [];
      }),
    ),
  ALLOWED_HOSTS: z.string().default(""),
  PUBLIC_URL: z
    .url()
    .regex(/^https?:\/\/[^/?#]+\/?$/, "must be an origin, without a path; Spillway is not served below one")
    .optional(),
  KEY_PEPPER: z.string().min(32, "must have at least 32 characters").optional(),
  KEY_PEPPERS_EARLIER: z
    .string()
    .regex(/^\s*(?:[^,\s]{32,}\s*(?:,\s*|$))*$/, "each must have at least 32 characters, without spaces")
    .default(""),
  AUTH_SECRET: z.string().min(32, "must have at least 32 characters").optional(),
  AUTH_SECRETS_EARLIER: z
    .string()
    .regex(/^\s*(?:[^,\s]{32,}\s*(?:,\s*|$))*$/, "each must have at least 32 characters, without spaces")
    .default(""),
  OPERATOR_TOKEN: z.string().min(32, "must have at least 32 characters").optional(),
  OPERATOR_TOKENS_EARLIER: z
    .string()
    .regex(/^\s*(?:[^,\s]{32,}\s*(?:,\s*|$))*$/, "each must have at least 32 characters, without spaces")
    .default(""),
  AUDIT_KEY: z.string().min(32, "must have at least 32 characters").optional(),
  AUDIT_KEYS_EARLIER: z.string().default(""),
  AUDIT_WEBHOOK: z.url({ protocol: /^https?$/ }).optional(),
  AUDIT_WEBHOOK_TOKEN: z.string().optional(),
  AUDIT_DAYS: z.coerce.number().int().min(35).max(4000).optional(),
  CREDENTIALS_KEY: z.string().min(32, "must have at least 32 characters").optional(),
  CREDENTIALS_KEYS_EARLIER: z.string().default(""),
  PROVIDER_CREDENTIALS: z.string().default(""),
  ...OIDC_VARIABLES,
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .regex(/^(?:[^=,\s]+=[^,]*(?:,\s*|$))*$/, "must be name=value, with commas between")
    .default(""),
  OTEL_SERVICE_NAME: z.string().min(1).max(100).default("spillway"),
  METRICS_TOKEN: z.string().min(16, "must have at least 16 characters").optional(),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("warn"),
  LEDGER_DAYS: z.coerce.number().int().min(7).max(4000).default(400),
  DRAIN_SECONDS: z.coerce.number().int().min(0).max(600).default(25),
  LEASE_SECONDS: z.coerce.number().min(1).max(300).default(15),
  UPSTREAM_HEADERS_SECONDS: z.coerce.number().min(0.1).max(3600).default(900),
  UPSTREAM_IDLE_SECONDS: z.coerce.number().min(0.1).max(3600).default(600),
  UPSTREAM_PING_SECONDS: z.coerce.number().min(0.1).max(3600).default(15),
  UPSTREAM_EARLY_SECONDS: z.coerce.number().min(0.1).max(3600).default(45),
  UPSTREAM_TOTAL_SECONDS: z.coerce.number().min(1).max(DAY_SECONDS).default(3600),
});

const schema = variables.transform((raw) => ({
  dataDir: path.resolve(raw.DATA_DIR ?? (hostKindOf(raw) === "serverless" ? "/tmp/spillway" : ".data")),
  databaseUrl: raw.DATABASE_URL ?? null,
  /** who owns the tables and brings them up to date; null = the role of databaseUrl does */
  databaseOwnerUrl: raw.DATABASE_OWNER_URL ?? null,
  logLevel: raw.LOG_LEVEL,
  /** how long ledger rows and their sums are kept */
  ledgerDays: raw.LEDGER_DAYS,
  /** how long audit rows are kept; null = for good */
  auditDays: raw.AUDIT_DAYS ?? null,
  ...processesOf(raw),
  ...networkOf(raw),
  ...secretsOf(raw),
  ...storeOf(raw),
  ...timesOf(raw),
  bounds: boundsOf(raw),
  telemetry: telemetryOf(raw),
}));

type Raw = z.output<typeof variables>;

/** Which processes there are, and what each serves. */
function processesOf(raw: Raw) {
  return {
    /** serverless: Next's route handlers alone, on a host that stops the process between requests and keeps no disk */
    hostKind: hostKindOf(raw),
    /** what the host's scheduler sends to the routes of background jobs; null = there are none */
    cronSecret: raw.CRON_SECRET ?? null,
    plane: raw.PLANE,
    /** whether calls and console are served by processes of their own */
    planes: raw.PLANES,
    /** how many processes serve calls when they are apart; null = one per core, up to seven, with a shared store, else one */
    callProcesses: raw.CALL_PROCESSES ?? null,
    /** where the console is reached when planes are apart; null = at the same address as calls */
    consolePort: raw.CONSOLE_PORT ?? null,
    /** who answers data-plane calls: our own server, or Next's route handlers behind it */
    door: raw.SPILLWAY_DOOR,
  };
}

function hostKindOf(raw: Pick<Raw, "HOST_KIND" | "VERCEL">): "server" | "serverless" {
  return raw.HOST_KIND ?? (raw.VERCEL === "1" ? "serverless" : "server");
}

/** Where the server listens, and what it believes of a request's address. */
function networkOf(raw: Raw) {
  return {
    port: raw.PORT,
    host: raw.HOST,
    // Vercel puts the client's address into X-Forwarded-For itself, over whatever was sent.
    trustedHops: raw.TRUSTED_HOPS ?? (raw.VERCEL === "1" ? 1 : 0),
    /** CIDRs of our own proxies: X-Forwarded-For from any other peer is ignored; empty = all peers are alike */
    trustedProxies: raw.TRUSTED_PROXIES,
    /** host names, in addition to HOST and loopback, that requests may name */
    allowedHosts: `${raw.ALLOWED_HOSTS},${raw.VERCEL_URL}`
      .split(",")
      .flatMap((host) => host.trim().toLowerCase() || []),
    /** exact origin of the console: the only one whose browsers may change anything */
    publicUrl: (raw.PUBLIC_URL ?? usualUrl(raw)).replace(/\/$/, ""),
  };
}

function secretsOf(raw: Raw) {
  return {
    keyPepper: raw.KEY_PEPPER ?? null,
    /** peppers of before: keys hashed by them are still served, and hashed again when they are used */
    earlierKeyPeppers: raw.KEY_PEPPERS_EARLIER.split(",").flatMap((pepper) => pepper.trim() || []),
    authSecret: raw.AUTH_SECRET ?? null,
    /** secrets of before: operators who signed in under them stay signed in */
    earlierAuthSecrets: raw.AUTH_SECRETS_EARLIER.split(",").flatMap((secret) => secret.trim() || []),
    operatorToken: raw.OPERATOR_TOKEN ?? null,
    /** operator tokens of before that are still taken */
    earlierOperatorTokens: raw.OPERATOR_TOKENS_EARLIER.split(",").flatMap((token) => token.trim() || []),
    /** signs the audit log; null = derived from the pepper */
    auditKey: raw.AUDIT_KEY ?? null,
    /** keys that signed it before */
    earlierAuditKeys: raw.AUDIT_KEYS_EARLIER.split(",").flatMap((key) => key.trim() || []),
    /** where signed heads of the audit log are sent as well; null = nowhere */
    auditWebhook:
      raw.AUDIT_WEBHOOK === undefined ? null : { url: raw.AUDIT_WEBHOOK, token: raw.AUDIT_WEBHOOK_TOKEN ?? null },
    /** seals provider credentials; null = derived from the pepper */
    credentialsKey: raw.CREDENTIALS_KEY ?? null,
    /** keys that sealed credentials before */
    earlierCredentialsKeys: raw.CREDENTIALS_KEYS_EARLIER.split(",").flatMap((key) => key.trim() || []),
    /** variables, in addition to the providers' own names, that may be sent as a credential, and to which hosts */
    credentialHosts: credentialHosts(raw.PROVIDER_CREDENTIALS),
    /** lets a Prometheus server read /api/metrics; null = the operator token does */
    metricsToken: raw.METRICS_TOKEN ?? null,
    /** where operators may sign in other than by password; null = only by password */
    oidc: oidcOf(raw),
  };
}

function storeOf(raw: Raw) {
  return {
    redis: redisAddress(raw),
    /** what every key of the shared store begins with; null = made of the database's installation id */
    redisPrefix: raw.REDIS_PREFIX ?? null,
    /** the least number of processes that divide the limits among them while the store is away */
    expectedInstances: raw.EXPECTED_INSTANCES,
    /** ms a command may take; null = what suits the transport */
    redisCommandMs: raw.REDIS_COMMAND_MS ?? null,
  };
}

function timesOf(raw: Raw) {
  return {
    drainMs: raw.DRAIN_SECONDS * 1000,
    leaseMs: Math.round(raw.LEASE_SECONDS * 1000),
    upstream: {
      headersMs: Math.round(raw.UPSTREAM_HEADERS_SECONDS * 1000),
      idleMs: Math.round(raw.UPSTREAM_IDLE_SECONDS * 1000),
      /** silence on a stream after which the caller gets a sign of life from us */
      pingMs: Math.round(raw.UPSTREAM_PING_SECONDS * 1000),
      earlyMs: Math.round(raw.UPSTREAM_EARLY_SECONDS * 1000),
      totalMs: Math.round(raw.UPSTREAM_TOTAL_SECONDS * 1000),
    },
  };
}

/** What data-plane calls may hold of this process before any limit is asked. */
function boundsOf(raw: Raw) {
  return {
    callsAtOnce: raw.CALLS_AT_ONCE,
    bodyBytesMax: Math.round(raw.BODY_MB_MAX * BYTES_PER_MB),
    bodyBytesAtOnce: Math.round(raw.BODY_MB_AT_ONCE * BYTES_PER_MB),
    bodyWaitMs: Math.round(raw.BODY_WAIT_SECONDS * 1000),
    bodyMs: Math.round(raw.BODY_SECONDS * 1000),
    bodyBytesPerSecond: raw.BODY_BYTES_PER_SECOND,
    failedCallsPerMinute: raw.FAILED_CALLS_PER_MINUTE,
  };
}

const CREDENTIAL_AT = /^([A-Z][A-Z0-9_]{0,63})@([a-z0-9.-]+(?::\d{1,5})?)$/;
/** What runs the process itself; with our own settings, what no provider is ever sent. */
const NEVER_SENT = /^(HOME|PATH|PWD|USER|SHELL|TERM|(NODE|NPM|NEXT|LD|PG|POSTGRES|DATABASE|REDIS|UPSTASH)(_.*)?)$/;

function credentialHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, readonly string[]>();
  for (const entry of text.split(",").flatMap((one) => one.trim() || [])) {
    const [, name = "", host = ""] = CREDENTIAL_AT.exec(entry) ?? [];
    if (name === "")
      throw new BootFault(`PROVIDER_CREDENTIALS: "${entry}" is not VARIABLE@host, as MY_KEY@llm.example.com`);
    if (Object.hasOwn(variables.shape, name) || NEVER_SENT.test(name))
      throw new BootFault(`PROVIDER_CREDENTIALS: ${name} is a setting of this process and is never sent to a provider`);
    hosts.set(name, [...(hosts.get(name) ?? []), host]);
  }
  return hosts;
}

/** Where spans and histograms are sent; null = nowhere. Names as the OpenTelemetry specification has them. */
function telemetryOf(raw: Raw) {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_HEADERS: headers, OTEL_SERVICE_NAME: serviceName } = raw;
  if (url === undefined) return null;
  const pairs = headers.split(",").flatMap((pair) => {
    const [name = "", ...value] = pair.trim().split("=");
    return name === "" ? [] : [[name, decodeURIComponent(value.join("="))] as const];
  });
  return { url: url.replace(/\/$/, ""), headers: Object.fromEntries(pairs), serviceName };
}

/** Where the shared store is; null = counters live in this process. */
function redisAddress(raw: Raw): RedisAddress | null {
  const { REDIS_URL: url, REDIS_CLUSTER: cluster, UPSTASH_REDIS_REST_URL: restUrl } = raw;
  const token = raw.UPSTASH_REDIS_REST_TOKEN;
  if ([url, cluster, restUrl].filter((one) => one !== undefined).length > 1)
    throw new BootFault("REDIS_URL: set one of REDIS_URL, REDIS_CLUSTER and UPSTASH_REDIS_REST_URL");
  if (url !== undefined) return { kind: "resp", url };
  if (cluster !== undefined)
    return { kind: "cluster", urls: cluster.split(",").map((one) => one.trim()), tenants: raw.REDIS_CLUSTER_TENANTS };
  if (restUrl === undefined && token === undefined) return null;
  if (restUrl === undefined || token === undefined) {
    throw new BootFault("UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN belong together: set both");
  }
  return { kind: "rest", url: restUrl, token };
}

type RedisAddress =
  | { readonly kind: "resp"; readonly url: string }
  | { readonly kind: "cluster"; readonly urls: readonly string[]; readonly tenants: "together" | "apart" }
  | { readonly kind: "rest"; readonly url: string; readonly token: string };

export type Env = z.infer<typeof schema>;

/**
 * Reads the environment once, at boot. Throws a BootFault with one line per wrong variable.
 * An empty variable counts as absent, as `.env` files leave them.
 */
export function readEnv(source: Record<string, string | undefined> = process.env): Env {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = schema.safeParse(present);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new BootFault(lines.join("\n"));
  }
  return parsed.data;
}

/** The value of a provider's credential variable; null when it is unset. The one other read of the environment. */
export function providerCredential(variable: string): string | null {
  return process.env[variable] || null;
}

function usualUrl({ VERCEL_PROJECT_PRODUCTION_URL: vercels, HOST, PORT }: Raw): string {
  return vercels === undefined ? `http://${hostInUrl(HOST)}:${PORT}` : `https://${vercels}`;
}

function hostInUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

const MAPPED_BITS = 96;

/** An address or a CIDR as a CIDR, IPv4 inside IPv6 as IPv4; null when it is neither. */
function cidrOf(text: string): string | null {
  if (!ipaddr.isValidCIDR(text)) return ipaddr.isValid(text) ? cidrOf(`${text}/${bitsOf(text)}`) : null;
  const [network, bits] = ipaddr.parseCIDR(text);
  const isMapped = network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && bits >= MAPPED_BITS;
  return isMapped ? `${network.toIPv4Address().toString()}/${bits - MAPPED_BITS}` : `${network.toString()}/${bits}`;
}

function bitsOf(address: string): number {
  return ipaddr.parse(address).kind() === "ipv4" ? 32 : 128;
}
