import { WebSocket } from "undici";
import { z } from "zod";
import { until } from "../../e2e/fixtures/process";
import type { Spillway } from "../../e2e/fixtures/spillway";
import { CALL_FLAGS } from "../../lib/server/planes/child";

/**
 * The environment of a process that can be inspected, in the supervisor's form. The inspector opens a free port on
 * request.
 */
export const READABLE = { NODE_OPTIONS: ["--inspect-port=0", ...CALL_FLAGS].join(" ") };

const reply = z.object({ id: z.number(), result: z.unknown() });

export type Inspector = {
  /** The result of a method of the inspector's protocol. */
  ask(method: string, params?: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): void;
};

/** Opens the inspector of a process that was started with `READABLE`. */
export async function inspect({ process: started }: Spillway): Promise<Inspector> {
  const address = () => /ws:\/\/\S+/.exec(started.output())?.[0] ?? null;
  if (address() === null) process.kill(started.child.pid ?? 0, "SIGUSR1");
  const socket = new WebSocket(await until("the inspector", address));
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", reject, { once: true });
  });
  let id = 0;
  const ask = (method: string, params: Readonly<Record<string, unknown>> = {}) => {
    id += 1;
    const own = id;
    const answer = new Promise<unknown>((resolve) => {
      const hear = ({ data }: { data: unknown }) => {
        const heard = reply.safeParse(JSON.parse(String(data)));
        if (heard.data?.id !== own) return;
        socket.removeEventListener("message", hear);
        resolve(heard.data.result);
      };
      socket.addEventListener("message", hear);
    });
    socket.send(JSON.stringify({ id: own, method, params }));
    return answer;
  };
  return { ask, close: () => socket.close() };
}
