import net from "node:net";
import { StoreUnavailable } from "@/lib/errors";
import { type Frame, Frames, opened } from "./frames";

type Asked = {
  readonly question: ((value: Buffer) => Promise<unknown>) | null;
  readonly resolve: (value: Buffer) => void;
  readonly reject: (error: Error) => void;
};

export type AskOptions = {
  /** from now until the answer is here, including a new connection */
  readonly timeoutMs?: number;
  /** answers the other end's questions meanwhile */
  readonly question?: (value: Buffer) => Promise<unknown>;
};

const ANSWER_MS = 5000;
const CONNECT_AGAIN_MS = 25;

/**
 * A connection to a process that serves methods at a Unix socket. Connects at its first use, and again when the other
 * end comes back. Fail mode: an ask without an answer in time, or whose connection ends, rejects with StoreUnavailable;
 * whether it was done is unknown. It is not repeated here.
 */
export class Line {
  readonly #path: string;
  readonly #asked = new Map<number, Asked>();
  #open: { readonly socket: net.Socket; readonly frames: Frames } | null = null;
  #connecting: Promise<void> | null = null;
  #isClosed = false;
  #lastId = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get isConnected(): boolean {
    return this.#open !== null;
  }

  async ask<Answer>(name: string, argument: unknown, options: AskOptions = {}): Promise<Answer> {
    const { timeoutMs = ANSWER_MS, question = null } = options;
    const deadline = performance.now() + timeoutMs;
    await this.connected(timeoutMs);
    const open = this.#open;
    if (open === null) throw new StoreUnavailable("the process that serves calls is gone", "connection");
    this.#lastId = (this.#lastId + 1) % ID_MAX;
    const id = this.#lastId;
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const late = () => reject(new StoreUnavailable("the process that serves calls gave no answer", "timeout"));
      const timer = setTimeout(late, Math.max(1, deadline - performance.now())).unref();
      const over = () => {
        clearTimeout(timer);
        this.#asked.delete(id);
      };
      this.#asked.set(id, {
        question,
        resolve: (value) => {
          over();
          resolve(value);
        },
        reject: (error) => {
          over();
          reject(error);
        },
      });
      open.frames.send({ kind: "ask", id, name, value: argument });
    });
    return opened<Answer>(answer);
  }

  /** Resolves when there is a connection. Rejects with StoreUnavailable after `timeoutMs`. */
  async connected(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.#open === null) {
      if (this.#isClosed) throw new StoreUnavailable("the line is closed", "connection");
      this.#connecting ??= this.#connect().finally(() => {
        this.#connecting = null;
      });
      await this.#connecting;
      if (this.#open !== null) return;
      if (performance.now() > deadline) throw new StoreUnavailable("nobody serves calls at the moment", "connection");
      await new Promise((resolve) => setTimeout(resolve, CONNECT_AGAIN_MS));
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#open?.socket.destroy();
  }

  /** Tries once. Never rejects. */
  #connect(): Promise<void> {
    return new Promise((resolve) => {
      const socket = net.connect(this.#path);
      socket.unref();
      socket.once("connect", () => {
        this.#open = { socket, frames: new Frames(socket, (frame) => this.#take(frame)) };
        resolve();
      });
      socket.on("error", () => socket.destroy());
      socket.once("close", () => {
        if (this.#open?.socket === socket) this.#lost();
        resolve();
      });
    });
  }

  #lost(): void {
    this.#open = null;
    for (const { reject } of [...this.#asked.values()])
      reject(new StoreUnavailable("the connection to the process that serves calls was lost", "connection"));
  }

  #take({ kind, id, value }: Frame): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    if (kind === "answer") asked.resolve(value);
    else if (kind === "fault") asked.reject(faultOf(value));
    else if (kind === "question" && asked.question !== null) {
      asked.question(value).then((told) => this.#open?.frames.send({ kind: "told", id, value: told }), asked.reject);
    }
  }
}

const ID_MAX = 0xffff_ffff;

/** The other end's error, under its name, which decides how it is handled. */
function faultOf(value: Buffer): Error {
  const { name = "Error", message } = opened<{ name?: string; message: string }>(value);
  return Object.assign(new Error(message), { name });
}
