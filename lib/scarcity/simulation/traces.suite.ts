import fs from "node:fs";
import path from "node:path";
import { drawn } from "./arrivals.suite";
import { seeded } from "./events";
import type { Arrival } from "./world";

/** Azure LLM inference traces of 2023 (Microsoft, CC BY 4.0): time, input tokens, output tokens. TRACES names their folder. */
export const TRACES = ["azure-llm-2023-conv.csv", "azure-llm-2023-code.csv"] as const;
const OUTPUT_PRICE = 4;
const CLASSES = [
  "interactive",
  "interactive",
  "standard",
  "standard",
  "standard",
  "batch",
  "batch",
  "background",
] as const;

/** The calls of a trace, with tenants and classes from a seed. Without the folder: as many drawn calls. */
export function arrivalsOf(trace: (typeof TRACES)[number], seed: number): readonly Arrival[] {
  const random = seeded(seed);
  const folder = process.env.TRACES;
  if (folder === undefined) return drawn({ random, load: 1, perMs: 1, forMs: 1_200_000, tenants: 8, largest: 4000 });
  const rows = fs.readFileSync(path.join(folder, trace), "utf8").trim().split("\n").slice(1);
  let first: number | null = null;
  return rows.map((row) => {
    const [time = "", input = "0", output = "0"] = row.trim().split(",");
    const at = Date.parse(`${time.replace(" ", "T").slice(0, 23)}Z`);
    first ??= at;
    const tenant = Math.floor(random() ** 2 * 8);
    return {
      at: at - first,
      tenantId: `t${tenant}`,
      weight: 4 ** (tenant % 3),
      priority: CLASSES[Math.floor(random() * CLASSES.length)] ?? "standard",
      cost: Math.max(1, Number(input) + OUTPUT_PRICE * Number(output)),
      runMs: 20 * Number(output),
    };
  });
}

/** What the resource must give per ms, so that this load exceeds it by this factor. */
export function perMsFor(
  arrivals: readonly Arrival[],
  load: number,
): { readonly perMs: number; readonly largest: number } {
  const total = arrivals.reduce((sum, { cost }) => sum + cost, 0);
  const lasts = arrivals.at(-1)?.at ?? 1;
  return { perMs: total / lasts / load, largest: Math.max(...arrivals.map(({ cost }) => cost)) };
}
