import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@/db/embedded/postgres";
import { endsWithUs, freePort, root, until } from "../fixtures/process";
import { RedisServer } from "../fixtures/redis-server";

/**
 * A commit or tag to upgrade from. It is installed and built, which takes minutes, so it is only run when asked for:
 * UPGRADE_FROM=ee6c739^ npx vitest run --project e2e e2e/deploy/release.e2e.test.ts
 */
const FROM = process.env.UPGRADE_FROM ?? "";
const LONG_MS = 900_000;
const READY_MS = 120_000;
const CALLERS = 4;
/** Calls of each release under load. */
const CALLS = 200;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-release-"));
const older = path.join(folder, "older");
let postgres: EmbeddedPostgres;
let redis: RedisServer;
beforeAll(async () => {
  if (FROM === "") return;
  fs.mkdirSync(older);
  const archive = path.join(folder, "older.tar");
  execFileSync("git", ["archive", "--output", archive, FROM], { cwd: root });
  execFileSync("tar", ["-xf", archive, "-C", older]);
  const quiet = { cwd: older, stdio: "ignore" } as const;
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], quiet);
  execFileSync("npm", ["run", "build"], quiet);
  [postgres, redis] = await Promise.all([startEmbeddedPostgres(path.join(folder, "postgres")), RedisServer.run()]);
}, LONG_MS);
afterAll(async () => {
  if (FROM !== "") await Promise.all([postgres.stop(), redis.stop()]);
  fs.rmSync(folder, { recursive: true, force: true });
});

type Release = { readonly baseUrl: string; stop(): Promise<number | null> };

/** Starts the release in `cwd` as the unit does, on the installation's stores. */
function started(cwd: string, env: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const child = endsWithUs(
    spawn(process.execPath, ["scripts/start.mjs", ...args], {
      cwd,
      env: { PATH: process.env.PATH ?? "", HOME: folder, NODE_ENV: "production", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += String(text)));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, exited, output: () => output };
}

async function serving(cwd: string, env: Readonly<Record<string, string>>): Promise<Release> {
  const { child, exited, output } = started(cwd, env);
  const baseUrl = `http://127.0.0.1:${env.PORT}`;
  let gone: number | null | undefined;
  void exited.then((code) => (gone = code));
  await until(
    "ready",
    async () => {
      if (gone !== undefined) throw new Error(`it ended with ${gone}: ${output()}`);
      return (await fetch(`${baseUrl}/api/readyz`)).ok;
    },
    READY_MS,
  );
  return {
    baseUrl,
    stop: () => {
      child.kill("SIGTERM");
      return exited;
    },
  };
}

/** Calls without pause until `end`. `away` = nothing listened; every answer is counted by its status. */
function callers(baseUrl: string, key: string) {
  const counts = new Map<string, number>();
  const admitted: string[] = [];
  let isOver = false;
  const count = (kind: string) => counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const caller = async () => {
    while (!isOver) {
      try {
        const answer = await fetch(`${baseUrl}/v1/chat/completions`, {
          method: "POST",
          headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
          body: JSON.stringify({ model: "sim-small", max_tokens: 16, messages: [{ role: "user", content: "hello" }] }),
        });
        await answer.text();
        count(String(answer.status));
        if (answer.status === 200) admitted.push(answer.headers.get("x-request-id") ?? "");
      } catch {
        count("away");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
  const all = Array.from({ length: CALLERS }, caller);
  return {
    counts,
    admitted,
    end: async () => {
      isOver = true;
      await Promise.all(all);
    },
  };
}

test.skipIf(FROM === "")(
  "an installation of an earlier release is upgraded as docs/deploy.md says, while callers go on: no admitted call is missing in the books, and what was configured is there",
  { timeout: LONG_MS },
  async () => {
    const dataDir = path.join(folder, "data");
    const settings = {
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      KEY_PEPPER: "p".repeat(40),
      AUTH_SECRET: "a".repeat(40),
      OPERATOR_TOKEN: `sw_op_${"t".repeat(40)}`,
      PLANES: "apart",
      CALL_PROCESSES: "2",
      DATA_DIR: dataDir,
      PORT: String(await freePort()),
    };
    const database = new pg.Client({ connectionString: postgres.url });
    await database.connect();
    const seeded = started(older, settings, ["--seed-demo"]);
    expect(await seeded.exited, seeded.output()).toBe(0);
    const demo = JSON.parse(fs.readFileSync(path.join(dataDir, "demo.json"), "utf8"));
    const ask = async (method: string, where: string, body?: unknown) => {
      const answer = await fetch(`http://127.0.0.1:${settings.PORT}/api/admin/${where}`, {
        method,
        headers: { authorization: `Bearer ${settings.OPERATOR_TOKEN}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const content = await answer.json();
      if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${JSON.stringify(content)}`);
      return content;
    };

    const before = await serving(older, settings);
    const everyone = await ask("GET", "everyone");
    await ask("PUT", "everyone", { version: everyone.version, limits: [], comment: "one address" });
    const tier = await ask("GET", "tiers/enterprise");
    const limits = tier.limits.map((limit: { capacity: number }) => ({ ...limit, capacity: limit.capacity * 1000 }));
    await ask("PUT", "tiers/enterprise", { ...tier, limits });
    await ask("POST", "tenants", { slug: "zoe", name: "Zoë & Söhne", tier: "standard" });
    const budget = { slug: "month", level: "tenant", tenant: "enterprise", period: "month", amountMicroUsd: 5e9 };
    await ask("POST", "budgets", budget);
    const calls = callers(before.baseUrl, demo.keys.enterprise);
    await until("calls of the earlier release", async () => calls.admitted.length >= CALLS, READY_MS);
    const began = Date.now();
    expect(await before.stop()).toBe(0);
    const stoppedMs = Date.now() - began;
    const admittedBefore = calls.admitted.length;
    const after = await serving(root, settings);
    const awayMs = Date.now() - began;
    await until("calls of this release", async () => calls.admitted.length >= admittedBefore + CALLS, READY_MS);
    await calls.end();
    process.stdout.write(
      `upgraded from ${FROM}: drained in ${stoppedMs} ms, ready again ${awayMs} ms after the signal; answers ${JSON.stringify([...calls.counts])}\n`,
    );
    expect([...calls.counts.keys()].filter((kind) => !["200", "away", "503"].includes(kind))).toEqual([]);

    const booked = async () => {
      const { rows } = await database.query<{ id: string }>("select request_id as id from ledger");
      return new Set(rows.map(({ id }) => id));
    };
    await until("the books", async () => {
      const ids = await booked();
      return calls.admitted.every((id) => ids.has(id));
    });
    expect((await booked()).size).toBe(calls.admitted.length);
    const { tenants } = await ask("GET", "tenants");
    expect(tenants.map(({ name }: { name: string }) => name)).toContain("Zoë & Söhne");
    const { budgets } = await ask("GET", "budgets");
    expect(budgets).toEqual([expect.objectContaining({ slug: "month", amountMicroUsd: 5e9 })]);
    const signedIn = await fetch(`${after.baseUrl}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: after.baseUrl },
      body: JSON.stringify({ email: demo.admin.email, password: demo.admin.password }),
    });
    expect(signedIn.status).toBe(200);
    expect(await ask("GET", "audit/verify")).toMatchObject({ intact: true });
    expect(await after.stop()).toBe(0);
    await database.end();
  },
);
