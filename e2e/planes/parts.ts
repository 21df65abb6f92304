import fs from "node:fs";
import { until } from "../fixtures/process";
import type { Spillway } from "../fixtures/spillway";

/** The processes of an installation whose planes are apart, by what they serve: "console", "1", "2", … */
export function partsOf(spillway: Spillway): ReadonlyMap<string, number> {
  const supervisor = spillway.process.child.pid ?? 0;
  const children = read(`/proc/${supervisor}/task/${supervisor}/children`).split(" ").filter(Boolean).map(Number);
  const parts = children.flatMap((pid): [string, number][] => {
    const words = read(`/proc/${pid}/cmdline`).split("\0");
    const part = words[words.indexOf("--part") + 1];
    return words.includes("--part") && part !== undefined ? [[part, pid]] : [];
  });
  return new Map(parts);
}

/** Kills one part outright, and resolves with its successor's process id when that one has been started. */
export function killPart(spillway: Spillway, part: string): Promise<number> {
  return endPart(spillway, part, "SIGKILL");
}

/** The same by any signal that ends it. */
export async function endPart(spillway: Spillway, part: string, signal: NodeJS.Signals): Promise<number> {
  const before = partsOf(spillway).get(part);
  if (before === undefined) throw new Error(`there is no part ${part}`);
  process.kill(before, signal);
  return until(`${part} to be started again`, () => {
    const now = partsOf(spillway).get(part);
    return now !== undefined && now !== before && now;
  });
}

export function isAlive(pid: number): boolean {
  return /^State:\s*[^ZX]/m.test(read(`/proc/${pid}/status`));
}

/** Empty when the process has just ended. */
function read(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
