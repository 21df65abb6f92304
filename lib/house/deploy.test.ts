import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import { z } from "zod";
import { readEnv } from "../env";

const root = path.resolve(import.meta.dirname, "../..");
const read = (file: string) => fs.readFileSync(path.join(root, file), "utf8");

test("every file that the Dockerfile copies is there or is built, and none of them is kept out of the image", () => {
  const text = read("Dockerfile");
  const [, runtime = ""] = text.split(/^FROM \$\{BASE\}$/m);
  const copied = [...runtime.matchAll(/^COPY --from=build (.+) \S+$/gm)].flatMap(([, files = ""]) => files.split(" "));
  expect(copied.length).toBeGreaterThan(8);
  const built = ["/app/node_modules", "/app/dist", "/app/.next"];
  const missing = copied.filter(
    (file) => !built.includes(file) && !fs.existsSync(path.join(root, file.replace("/app/", ""))),
  );
  expect(missing).toEqual([]);
  const ignored = read(".dockerignore").split("\n");
  expect(
    copied
      .map((file) => file.split("/")[2] ?? "")
      .filter((one) => ignored.includes(one) && !built.includes(`/app/${one}`)),
  ).toEqual([]);
  for (const secret of [".data", ".env", ".git"]) expect(ignored).toContain(secret);
});

test("the image runs as a user that is not root, is checked, and hands signals to the server", () => {
  const text = read("Dockerfile");
  expect(text).toMatch(/^ARG BASE=/m);
  expect(text).toMatch(/^USER 10001:10001$/m);
  expect(text).toMatch(/^HEALTHCHECK /m);
  expect(text).toMatch(/^ENTRYPOINT \["node", "scripts\/start\.mjs"\]$/m);
  const [, settings = ""] = /^ENV (NODE_ENV.*)$/m.exec(text) ?? [];
  const env = Object.fromEntries(settings.split(" ").map((one) => one.split("=")));
  expect(readEnv(env)).toMatchObject({ host: "0.0.0.0", port: 3000, dataDir: "/data", planes: "apart" });
});

const service = z.looseObject({ environment: z.record(z.string(), z.string()).optional() });
const compose = z.object({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.unknown()) });

test("compose.yaml starts Spillway with settings that it accepts, on a store that evicts nothing", () => {
  const { services, volumes } = compose.parse(parse(read("compose.yaml"), { merge: true }));
  const filled = Object.entries(services.spillway?.environment ?? {}).map(([name, value]) => [
    name,
    value.replace(/\$\{\w+:\?[^}]*\}/g, "secret").replace(/\$\{\w+:-([^}]*)\}/g, "$1"),
  ]);
  const env = readEnv(Object.fromEntries(filled));
  expect(env).toMatchObject({ planes: "apart", redis: { kind: "resp", url: "redis://valkey:6379" } });
  expect(env.databaseUrl).toBe("postgres://spillway:secret@postgres:5432/spillway");
  expect(services.spillway).toMatchObject({
    depends_on: { postgres: { condition: "service_healthy" }, valkey: { condition: "service_healthy" } },
    read_only: true,
    cap_drop: ["ALL"],
    stop_grace_period: "60s",
  });
  expect(services.postgres).toMatchObject({ image: "postgres:17", environment: { POSTGRES_USER: "spillway" } });
  expect(services.valkey).toMatchObject({ command: expect.arrayContaining(["noeviction"]) });
  expect(Object.keys(volumes).sort()).toEqual(["postgres", "spillway", "valkey"]);
});

const CHART = "deploy/helm/spillway";
type Values = Readonly<Record<string, unknown>>;

/** The part of Helm's language that the chart uses; anything else in a template throws. */
function rendered(template: string, values: Values): string {
  const lookUp = (name: string): unknown => {
    if (name === ".Release.Name") return "demo";
    const [, ...names] = name.slice(1).split(".");
    const value = names.reduce<unknown>((of, member) => Reflect.get(Object(of), member), values);
    if (value === undefined) throw new Error(`values.yaml has no ${name}`);
    return value;
  };
  const whole = template
    .replace(/\{\{- if (\S+) \}\}\n([\s\S]*?)\{\{- end \}\}/g, (_all, name, body) =>
      lookUp(name) === true ? body : "",
    )
    .replace(/\n *\{\{- toYaml (\S+) \| nindent (\d+) \}\}/g, (_all, name, spaces) => {
      const lines = stringify(lookUp(name)).trimEnd().split("\n");
      return `\n${lines.map((line) => " ".repeat(Number(spaces)) + line).join("\n")}`;
    })
    .replace(/\{\{ (\.\S+) \| quote \}\}/g, (_all, name) => JSON.stringify(String(lookUp(name))))
    .replace(/\{\{ (\.\S+) \}\}/g, (_all, name) => String(lookUp(name)));
  if (/\{\{ ?[-.a-z]/.test(whole)) throw new Error(`not understood: ${/\{\{.*/.exec(whole)?.[0]}`);
  return whole;
}

const kubernetes = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

function objects(values: Values): ReadonlyMap<string, z.infer<typeof kubernetes>> {
  const files = fs.readdirSync(path.join(root, CHART, "templates"));
  const all = files.flatMap((file) =>
    parseAllDocuments(rendered(read(`${CHART}/templates/${file}`), values)).flatMap((document) => {
      expect(document.errors).toEqual([]);
      const content: unknown = document.toJS();
      return content === null ? [] : [kubernetes.parse(content)];
    }),
  );
  return new Map(all.map((one) => [`${one.kind} ${one.metadata.name}`, one]));
}

const values = z
  .looseObject({ ingress: z.looseObject({}), networkPolicy: z.looseObject({}) })
  .parse(parse(read(`${CHART}/values.yaml`)));

test("the chart has each object once, and optional ones go when they are switched off", () => {
  expect([...objects(values).keys()].sort()).toEqual([
    "ConfigMap demo-settings",
    "Deployment demo-calls",
    "Deployment demo-console",
    "HorizontalPodAutoscaler demo-calls",
    "Ingress demo",
    "NetworkPolicy demo",
    "PodDisruptionBudget demo-calls",
    "PodDisruptionBudget demo-console",
    "Service demo-calls",
    "Service demo-console",
  ]);
  const bare = { ...values, ingress: { enabled: false }, networkPolicy: { enabled: false } };
  expect([...objects(bare).keys()].filter((name) => /Ingress|NetworkPolicy/.test(name))).toEqual([]);
});

const labels = z.record(z.string(), z.string());
const container = z.looseObject({
  env: z.array(z.object({ name: z.string(), value: z.string() })),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
});
const deployment = z.looseObject({
  spec: z.looseObject({
    selector: z.object({ matchLabels: labels }),
    template: z.looseObject({
      metadata: z.object({ labels }),
      spec: z.looseObject({ containers: z.tuple([container]), terminationGracePeriodSeconds: z.number() }),
    }),
  }),
});
const settings = z.looseObject({ data: z.record(z.string(), z.string()) });

test.each(["calls", "console"])(
  "the %s pods are confined, probed, drained, and start with settings that Spillway accepts",
  (role) => {
    const all = objects(values);
    const { spec } = deployment.parse(all.get(`Deployment demo-${role}`));
    const { data } = settings.parse(all.get("ConfigMap demo-settings"));
    const pod = spec.template.spec;
    const [main] = pod.containers;
    const secrets = { DATABASE_URL: "postgres://a:b@db/x", REDIS_URL: "redis://store:6379" };
    const env = readEnv({
      ...secrets,
      ...data,
      ...Object.fromEntries(main.env.map(({ name, value }) => [name, value])),
    });
    expect(env).toMatchObject({ plane: role === "calls" ? "gateway" : "console", port: 3000, expectedInstances: 2 });
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10001 },
    });
    expect(main).toMatchObject({
      securityContext: {
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
      },
      readinessProbe: { httpGet: { path: "/api/readyz", port: "http" } },
      livenessProbe: { httpGet: { path: "/api/healthz", port: "http" } },
      startupProbe: { periodSeconds: 2, failureThreshold: expect.toSatisfy((tries: number) => tries * 2 >= 3600) },
      lifecycle: { preStop: { exec: { command: ["node", "-e", "setTimeout(() => {}, 5000)"] } } },
      resources: { limits: { memory: expect.any(String) } },
    });
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(5 + env.drainMs / 1000 + 10);
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    for (const name of ["Service", "PodDisruptionBudget"]) {
      const { spec: of } = z
        .looseObject({ spec: z.looseObject({ selector: z.unknown() }) })
        .parse(all.get(`${name} demo-${role}`));
      const selected = z
        .union([z.object({ matchLabels: labels }).transform((one) => one.matchLabels), labels])
        .parse(of.selector);
      expect(spec.template.metadata.labels).toMatchObject(selected);
    }
  },
);

test("the autoscaler, the ingress and the network policy name objects and ports of the chart", () => {
  const all = objects(values);
  expect(all.get("HorizontalPodAutoscaler demo-calls")).toMatchObject({
    spec: { scaleTargetRef: { kind: "Deployment", name: "demo-calls" }, minReplicas: 2, maxReplicas: 10 },
  });
  const names = [...JSON.stringify(all.get("Ingress demo")).matchAll(/"service":\{"name":"([^"]+)"/g)].map(
    ([, name]) => name,
  );
  expect(names).toEqual(["demo-calls", "demo-console"]);
  expect(all.get("NetworkPolicy demo")).toMatchObject({
    spec: {
      podSelector: { matchLabels: { "app.kubernetes.io/instance": "demo" } },
      egress: [
        {
          ports: expect.arrayContaining([
            { port: 5432, protocol: "TCP" },
            { port: 6379, protocol: "TCP" },
          ]),
        },
      ],
    },
  });
});

const SYSTEMD = "/usr/bin/systemd-analyze";

test.skipIf(!fs.existsSync(SYSTEMD))("systemd accepts the unit", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-unit-"));
  const unit = path.join(folder, "spillway.service");
  // Node is elsewhere on some machines; systemd looks whether the program is there.
  fs.writeFileSync(unit, read("deploy/systemd/spillway.service").replace("/usr/bin/node", process.execPath));
  const { status, stderr } = spawnSync(SYSTEMD, ["verify", "--man=no", unit], { encoding: "utf8" });
  fs.rmSync(folder, { recursive: true });
  expect([stderr.split("\n").filter((line) => line.includes("spillway.service")), status]).toEqual([[], 0]);
});

test("the unit gives a drain its time, and sets what Spillway accepts", () => {
  const text = read("deploy/systemd/spillway.service");
  const [, settings = ""] = /^Environment=(.*)$/m.exec(text) ?? [];
  const env = readEnv(Object.fromEntries(settings.split(" ").map((one) => one.split("="))));
  expect(env).toMatchObject({ planes: "apart", dataDir: "/var/lib/spillway" });
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(env.drainMs / 1000 + 20);
  expect(text).toMatch(/^KillMode=mixed$/m);
});

const vercel = z.object({
  buildCommand: z.literal("npx next build"),
  crons: z.array(z.object({ path: z.string(), schedule: z.string() })),
  headers: z.array(
    z.object({ source: z.string(), headers: z.array(z.object({ key: z.string(), value: z.string() })) }),
  ),
});

test("vercel.json names every job, and no other; its headers are those of our own server", () => {
  const { crons, headers } = vercel.parse(JSON.parse(read("vercel.json")));
  const sources = ["call-jobs", "console-jobs", "policy-jobs"].map((file) => read(`lib/jobs/${file}.ts`)).join("");
  const jobs = [...sources.matchAll(/name: "([a-z-]+)", everyMs: (\w+)/g)];
  expect(jobs.length).toBeGreaterThan(12);
  const hourly = jobs.flatMap(([, name = "", every = ""]) => (every === "HOUR_MS" ? [name] : []));
  expect(crons.map(({ path: to }) => to)).toEqual(["all", ...hourly].map((name) => `/api/cron/${name}`));
  const own = [...read("lib/server/http/console-headers.ts").matchAll(/setHeader\("([a-z-]+)", (?:"([^"]+)")?/g)];
  const sent = new Map(headers.flatMap((one) => one.headers.map(({ key, value }) => [key, value] as const)));
  expect([...sent.keys()].sort()).toEqual(own.map(([, name = ""]) => name).sort());
  for (const [, name = "", value] of own) if (value !== undefined) expect(sent.get(name)).toBe(value);
});

test("the restore that the page describes goes into an empty database and stops at its first fault", () => {
  const restores = read("docs/deploy.md").match(/^pg_restore .*$/gm) ?? [];
  expect(restores.length).toBe(1);
  // It cannot drop the keys of partitions, and goes on without what failed.
  for (const restore of restores) expect(restore).not.toContain("--clean");
  for (const restore of restores) expect(restore).toContain("--exit-on-error --single-transaction");
});

test("the page raises the number of connections that nginx holds before it loads the configuration", () => {
  const [, shell = ""] = /```sh\n(apt-get install [^`]*nginx[^`]*)```/.exec(read("docs/deploy.md")) ?? [];
  expect(shell.indexOf("worker_connections 8192")).toBeGreaterThan(0);
  expect(shell.indexOf("worker_connections 8192")).toBeLessThan(shell.indexOf("systemctl reload nginx"));
});
