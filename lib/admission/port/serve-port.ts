import fs from "node:fs";
import net from "node:net";
import { type Frame, Frames, opened } from "./frames";

/** Asks the requester for something that the answer needs. Rejects when its connection ends. */
export type Question = <Answer>(value: unknown) => Promise<Answer>;

/** Answers one kind of ask. */
export type Method = (value: Buffer, question: Question) => Promise<unknown>;

export type Methods = Readonly<Record<string, Method>>;

/** Makes a method from a function of its argument. */
export function method<Argument>(work: (argument: Argument, question: Question) => Promise<unknown>): Method {
  return (value, question) => work(opened<Argument>(value), question);
}

/** Only this user may connect; the folder is private too. */
const OURS_ALONE = 0o600;

/**
 * Serves methods to other processes of this machine and user, over a Unix socket at `path`. Replaces what a killed
 * process left there, so the caller must know that no living one serves it.
 */
export async function servePort(path: string, methods: Methods): Promise<{ close(): Promise<void> }> {
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
    serve(socket, methods);
  });
  fs.rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path, exclusive: true }, resolve);
  });
  fs.chmodSync(path, OURS_ALONE);
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function serve(socket: net.Socket, methods: Methods): void {
  /** open questions, by the ask they belong to */
  const asked = new Map<number, { resolve: (value: Buffer) => void; reject: (error: Error) => void }>();
  const frames = new Frames(socket, (frame) => {
    if (frame.kind === "ask") void answer(frame);
    else if (frame.kind === "told") asked.get(frame.id)?.resolve(frame.value);
  });
  const answer = async ({ id, name, value }: Frame): Promise<void> => {
    const question: Question = async <Answer>(what: unknown) => {
      const told = new Promise<Buffer>((resolve, reject) => asked.set(id, { resolve, reject }));
      frames.send({ kind: "question", id, value: what });
      return opened<Answer>(await told.finally(() => asked.delete(id)));
    };
    try {
      const known = Object.hasOwn(methods, name) ? methods[name] : undefined;
      if (known === undefined) throw new Error(`nothing answers to "${name}"`);
      frames.send({ kind: "answer", id, value: await known(value, question) });
    } catch (error) {
      const fault = error instanceof Error ? { name: error.name, message: error.message } : { message: String(error) };
      frames.send({ kind: "fault", id, value: fault });
    }
  };
  socket.on("close", () => {
    for (const { reject } of asked.values()) reject(new Error("who asked is gone"));
    asked.clear();
  });
}
