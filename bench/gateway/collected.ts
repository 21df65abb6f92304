import { z } from "zod";
import type { Spillway } from "../../e2e/fixtures/spillway";
import { inspect } from "./inspector";

const usage = z.object({
  result: z.object({ value: z.object({ rss: z.number(), heapUsed: z.number(), external: z.number() }) }),
});

/** What a process holds right after a full collection, bytes: resident, and what is alive in its heap and outside of it. */
export async function collected(started: Spillway): Promise<{ rss: number; alive: number }> {
  const inspector = await inspect(started);
  // Twice: what a finalizer frees goes with the second.
  for (let round = 0; round < 2; round++) await inspector.ask("HeapProfiler.collectGarbage");
  const asked = { expression: "process.memoryUsage()", returnByValue: true };
  const { rss, heapUsed, external } = usage.parse(await inspector.ask("Runtime.evaluate", asked)).result.value;
  inspector.close();
  return { rss, alive: heapUsed + external };
}
