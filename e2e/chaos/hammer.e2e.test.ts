import { spawn } from "node:child_process";
import path from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { storeKeys } from "@/lib/admission/keys";
import { RedisAdmission } from "@/lib/admission/redis/redis";
import { makeLog } from "@/lib/log";
import { connectRedis } from "@/lib/redis/client";
import { HAMMER, type Seen } from "../fixtures/hammer-worker";
import { root } from "../fixtures/process";
import { RedisServer } from "../fixtures/redis-server";

const KEYS = storeKeys("test");

const PROCESSES = 4;
/** Per process; a longer run by HAMMER_CALLS. */
const CALLS = Number(process.env.HAMMER_CALLS ?? 10_000);

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.run();
});
afterAll(() => server.stop());

function hammer(script: string, worker: number, startAt: number): Promise<Seen[]> {
  return new Promise((resolve, reject) => {
    const args = [script, server.url, String(worker), String(CALLS), String(startAt)];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (chunk) => (out += chunk));
    child.once("close", (code) =>
      code === 0 ? resolve(JSON.parse(out)) : reject(new Error(`worker ${worker}: ${code}`)),
    );
  });
}

/** Calls of the tenant that ran at the same time, at most. */
function mostAtOnce(calls: readonly Seen[]): number {
  const changes = calls.flatMap(([now, , , admitted, , settledBy]) =>
    admitted === 1 ? [[now, 1] as const, [settledBy, -1] as const] : [],
  );
  changes.sort((left, right) => left[0] - right[0]);
  let [running, most] = [0, 0];
  for (const [, change] of changes) {
    running += change;
    most = Math.max(most, running);
  }
  return most;
}

/** Doubles: a millionth of a unit is no unit. */
const ROUNDING = 1e-6;

/**
 * One bucket's calls by store time, judged by a model that knows every call by itself: by how much its real use ever
 * exceeded capacity + refill * T, and which refusals it had room for, also if each call counted as it was reserved until it
 * was surely settled. All calls before one count: a bucket that is always wanted is never full again, and then what was
 * charged at the beginning is what refuses at the end.
 */
function judge(calls: readonly Seen[], capacity: number, perSecond: number): { excess: number; hadRoom: Set<Seen> } {
  const admitted = calls.filter((call) => call[3] === 1);
  let excess = Number.NEGATIVE_INFINITY;
  for (const [index, last] of admitted.entries()) {
    let used = 0;
    for (let at = index; at >= 0; at--) {
      const [now = 0, , , , real = 0] = admitted[at] ?? [];
      used += real;
      excess = Math.max(excess, used - capacity - ((last[0] - now) * perSecond) / 1000);
    }
  }
  const hadRoom = new Set<Seen>();
  let before = 0;
  for (const call of calls) {
    const [now, cost, , isAdmitted] = call;
    // Within a millisecond the order is not known: all of its admissions count before any of its refusals is judged.
    while ((admitted[before]?.[0] ?? Number.POSITIVE_INFINITY) <= now) before += 1;
    if (isAdmitted === 1) continue;
    let [known, over] = [cost, cost - capacity];
    for (let at = before - 1; at >= 0; at--) {
      const [began = 0, reserved = 0, , , real = 0, settledBy = 0] = admitted[at] ?? [];
      known += settledBy < now ? real : reserved;
      over = Math.max(over, known - capacity - ((now - began) * perSecond) / 1000);
    }
    if (over <= 0 - ROUNDING) hadRoom.add(call);
  }
  return { excess, hadRoom };
}

test(`${PROCESSES} processes, ${CALLS} calls each, bursts at the same moments, all settled: nothing too much, nothing too little`, {
  timeout: 600_000,
}, async () => {
  const script = path.join(root, "dist", "test", "hammer-worker.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: ["e2e/fixtures/hammer-worker.ts"],
    outfile: script,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
  });
  const client = await connectRedis({ kind: "resp", url: server.url }, makeLog("silent"));
  await new RedisAdmission(client, KEYS).publish(1, ["hammer"]);
  await client.close();
  const startAt = Date.now() + 1500;
  const seen = await Promise.all(Array.from({ length: PROCESSES }, (_, worker) => hammer(script, worker, startAt)));
  const calls = seen.flat().sort((left, right) => left[0] - right[0]);
  expect(calls).toHaveLength(PROCESSES * CALLS);

  const { capacity, refillPerSecond, users } = HAMMER;
  const tenant = judge(calls, capacity.tenant, refillPerSecond.tenant);
  let worst = tenant.excess;
  let wronglyRefused = 0;
  for (let user = 0; user < users; user++) {
    const own = calls.filter((call) => call[2] === user);
    const { excess, hadRoom } = judge(own, capacity.user, refillPerSecond.user);
    worst = Math.max(worst, excess);
    for (const call of hadRoom) if (tenant.hadRoom.has(call)) wronglyRefused += 1;
  }
  const admitted = calls.filter((call) => call[3] === 1).length;
  const span = (calls.at(-1)?.[0] ?? 0) - (calls[0]?.[0] ?? 0);
  process.stdout.write(
    `hammer: ${calls.length} calls in ${span} ms, ${admitted} admitted, at most ${mostAtOnce(calls)} at once, worst excess ${worst.toFixed(6)}, wrongly refused ${wronglyRefused}\n`,
  );
  expect(admitted).toBeGreaterThan(100);
  expect(admitted).toBeLessThan(calls.length);
  expect(worst).toBeLessThanOrEqual(ROUNDING);
  expect(wronglyRefused).toBe(0);
});
