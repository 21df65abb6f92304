import { z } from "zod";
import type { Spillway } from "../../e2e/fixtures/spillway";
import { inspect } from "./inspector";

const usage = z.object({
  result: z.object({ value: z.object({ rss: z.number(), heapUsed: z.number(), external: z.number() }) }),
});

/** A process's memory right after a full collection, bytes: resident, and live in its heap and outside of it. */
export async function collected(started: Spillway): Promise<{ rss: number; alive: number }> {
  const inspector = await inspect(started);
  // Twice: memory that a finalizer frees is collected the second time.
  for (let round = 0; round < 2; round++) await inspector.ask("HeapProfiler.collectGarbage");
  const asked = { expression: "process.memoryUsage()", returnByValue: true };
  const { rss, heapUsed, external } = usage.parse(await inspector.ask("Runtime.evaluate", asked)).result.value;
  inspector.close();
  return { rss, alive: heapUsed + external };
}
