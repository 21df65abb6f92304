import { WebSocket } from "undici";
import { z } from "zod";
import { until } from "../../e2e/fixtures/process";
import type { Spillway } from "../../e2e/fixtures/spillway";
import { CALL_FLAGS } from "../../lib/server/planes/child";

/**
 * The environment of a process whose memory is read, as the supervisor starts one. The inspector opens a free port when it
 * is asked to.
 */
export const READABLE = { NODE_OPTIONS: ["--inspect-port=0", ...CALL_FLAGS].join(" ") };

const usage = z.object({ rss: z.number(), heapUsed: z.number(), external: z.number() });
const reply = z.object({
  id: z.number(),
  result: z.looseObject({ result: z.object({ value: z.unknown() }).optional() }),
});

/** What a process holds right after a full collection, bytes: resident, and what is alive in its heap and outside of it. */
export async function collected({ process: started }: Spillway): Promise<{ rss: number; alive: number }> {
  const isOpen = () => /ws:\/\/\S+/.exec(started.output())?.[0] ?? null;
  if (isOpen() === null) process.kill(started.child.pid ?? 0, "SIGUSR1");
  const socket = new WebSocket(await until("the inspector", isOpen));
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", reject, { once: true });
  });
  let id = 0;
  const ask = (method: string, params: Record<string, unknown> = {}) => {
    id += 1;
    const own = id;
    const answer = new Promise<z.infer<typeof reply>>((resolve) => {
      const hear = ({ data }: { data: unknown }) => {
        const heard = reply.safeParse(JSON.parse(String(data)));
        if (heard.data?.id !== own) return;
        socket.removeEventListener("message", hear);
        resolve(heard.data);
      };
      socket.addEventListener("message", hear);
    });
    socket.send(JSON.stringify({ id: own, method, params }));
    return answer;
  };
  // Twice: what a finalizer frees goes with the second.
  for (let round = 0; round < 2; round++) await ask("HeapProfiler.collectGarbage");
  const { result } = await ask("Runtime.evaluate", { expression: "process.memoryUsage()", returnByValue: true });
  socket.close();
  const { rss, heapUsed, external } = usage.parse(result.result?.value);
  return { rss, alive: heapUsed + external };
}
