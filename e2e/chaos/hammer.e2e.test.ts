import { spawn } from "node:child_process";
import path from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RedisAdmission } from "@/lib/admission/redis/redis";
import { makeLog } from "@/lib/log";
import { connectRedis } from "@/lib/redis/client";
import { HAMMER } from "../fixtures/hammer-worker";
import { root } from "../fixtures/process";
import { RedisServer } from "../fixtures/redis-server";

const PROCESSES = 4;
/** Per process; a longer run by HAMMER_CALLS. */
const CALLS = Number(process.env.HAMMER_CALLS ?? 10_000);

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.run();
});
afterAll(() => server.stop());

type Seen = readonly [now: number, cost: number, user: number, admitted: number];

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

/** Plays one bucket's calls by store time: how far it was ever overfull, and which refusals it had no room for. */
function replay(calls: readonly Seen[], capacity: number, perSecond: number): { excess: number; hadRoom: boolean[] } {
  let level = 0;
  let last = calls[0]?.[0] ?? 0;
  let excess = Number.NEGATIVE_INFINITY;
  const hadRoom: boolean[] = [];
  for (let from = 0; from < calls.length; ) {
    const now = calls[from]?.[0] ?? 0;
    let to = from;
    while (to < calls.length && calls[to]?.[0] === now) to += 1;
    level = Math.max(0, level - ((now - last) * perSecond) / 1000);
    last = now;
    // Within a millisecond the order is not known: all of its admissions count before any of its refusals is judged.
    for (const [, cost, , admitted] of calls.slice(from, to)) level += admitted * cost;
    excess = Math.max(excess, level - capacity);
    for (const [, cost, , admitted] of calls.slice(from, to)) hadRoom.push(admitted === 0 && level + cost <= capacity);
    from = to;
  }
  return { excess, hadRoom };
}

test(`${PROCESSES} processes, ${CALLS} calls each, bursts at the same moments: nothing too much, nothing too little`, {
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
  await new RedisAdmission(client).publish(1, ["hammer"]);
  await client.close();
  const startAt = Date.now() + 1500;
  const seen = await Promise.all(Array.from({ length: PROCESSES }, (_, worker) => hammer(script, worker, startAt)));
  const calls = seen.flat().sort((left, right) => left[0] - right[0]);
  expect(calls).toHaveLength(PROCESSES * CALLS);

  const { capacity, refillPerSecond, users } = HAMMER;
  const tenant = replay(calls, capacity.tenant, refillPerSecond.tenant);
  const room = new Map(calls.map((call, index) => [call, tenant.hadRoom[index] ?? false]));
  let worst = tenant.excess;
  let wronglyRefused = 0;
  for (let user = 0; user < users; user++) {
    const own = calls.filter((call) => call[2] === user);
    const replayed = replay(own, capacity.user, refillPerSecond.user);
    worst = Math.max(worst, replayed.excess);
    wronglyRefused += own.filter((call, index) => replayed.hadRoom[index] && room.get(call)).length;
  }
  const admitted = calls.filter((call) => call[3] === 1).length;
  const span = (calls.at(-1)?.[0] ?? 0) - (calls[0]?.[0] ?? 0);
  process.stdout.write(
    `hammer: ${calls.length} calls in ${span} ms, ${admitted} admitted, worst excess ${worst.toFixed(6)}, wrongly refused ${wronglyRefused}\n`,
  );
  expect(admitted).toBeGreaterThan(100);
  expect(admitted).toBeLessThan(calls.length);
  // Doubles: a millionth of a unit is no unit.
  expect(worst).toBeLessThanOrEqual(1e-6);
  expect(wronglyRefused).toBe(0);
});
