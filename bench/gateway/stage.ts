import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { Fleet } from "../../e2e/fixtures/fleet";
import { endsWithUs, freePort, root, until } from "../../e2e/fixtures/process";
import { Spillway } from "../../e2e/fixtures/spillway";
import { READABLE } from "./inspector";

/** A scripted provider, a bare proxy in front of it, and Spillway on one Redis. Benches of calls run against them. */
export type Stage = {
  readonly upstream: string;
  readonly bare: { readonly pid: number; readonly url: string };
  /** the process with the console; `plane`: one that serves only calls */
  readonly shared: Spillway;
  readonly plane: Spillway;
  readonly fleet: Fleet;
  close(): Promise<void>;
};

const children: ChildProcess[] = [];

export async function setStage(): Promise<Stage> {
  const [upstreamPort, barePort] = [await freePort(), await freePort()];
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  await script("upstream.mjs", String(upstreamPort));
  const bare = await script("bare-proxy.mjs", String(barePort), upstream);
  const fleet = await Fleet.run(1, { PLANE: "all", PLANES: "together" });
  const [shared] = fleet.processes;
  if (shared === undefined) throw new Error("no process");
  await prepare(shared, upstream);
  const plane = await Spillway.run({ ...fleet.env, ...READABLE, PLANE: "gateway" });
  return {
    upstream,
    shared,
    plane,
    fleet,
    bare: { pid: bare.pid ?? 0, url: `http://127.0.0.1:${barePort}` },
    close: async () => {
      await Promise.all([plane.stop(), fleet.stop()]);
      for (const child of children) child.kill();
    },
  };
}

/**
 * A provider without credentials. Tiers: standard has twelve limits of four subjects, two of them with a lease, all far
 * away; free has none; enterprise has the same twelve and one more that refuses every call of a feature but the first.
 */
export async function prepare(one: Spillway, upstream: string): Promise<void> {
  await one.admin("PUT", "providers/simulator", { name: "Simulator", baseUrl: `${upstream}/v1`, allowLocal: true });
  const many = (["tenant", "user", "key", "endpoint"] as const).flatMap((layer) =>
    (["requests", "total_tokens", "cost_micro_usd"] as const).map((dimension) => ({
      name: `${layer}-${dimension.replaceAll("_", "-")}`,
      layer,
      dimension,
      algorithm: "token_bucket",
      capacity: 1e12,
      refill: 1e12,
      windowSeconds: 60,
    })),
  );
  const leases = (["tenant", "user"] as const).map((layer) => ({
    name: `${layer}-concurrency`,
    layer,
    dimension: "concurrency",
    algorithm: "concurrency",
    capacity: 10_000,
  }));
  const shut = {
    name: "shut",
    layer: "feature",
    dimension: "requests",
    algorithm: "fixed_window",
    capacity: 1,
    windowSeconds: 86_400,
  };
  const tiers = { standard: [...many, ...leases], free: [], enterprise: [...many, shut] };
  for (const [slug, limits] of Object.entries(tiers)) {
    const tier = await one.admin<Record<string, unknown>>("GET", `tiers/${slug}`);
    await one.admin("PUT", `tiers/${slug}`, { ...tier, limits });
  }
}

export async function script(name: string, ...args: string[]): Promise<ChildProcess> {
  return ready(name, process.execPath, [path.join(root, "bench", "processes", name), ...args], "listening");
}

/** Starts a program and waits until its output reports that it is ready. */
export async function ready(
  name: string,
  program: string,
  args: readonly string[],
  says: string | RegExp,
): Promise<ChildProcess> {
  const child = endsWithUs(spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] }));
  children.push(child);
  let output = "";
  child.stdout?.on("data", (chunk) => (output += chunk));
  await until(name, () => (typeof says === "string" ? output.includes(says) : says.test(output)), 120_000);
  return child;
}

/** CPU time that a process has used, µs: user and system, in clock ticks of a hundredth of a second. */
export function cpuMicros(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8").replace(/\(.*\)/, "x");
  const [user = 0, system = 0] = stat.split(" ").slice(13, 15).map(Number);
  return (user + system) * 10_000;
}

export function rssBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
}

export function median(list: readonly number[], share = 0.5): number {
  return [...list].sort((left, right) => left - right)[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0;
}
