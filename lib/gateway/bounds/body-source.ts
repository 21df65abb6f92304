import { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { asPublicError, brokenOff } from "@/lib/errors";

/** Takes a chunk. A promise: the next one is wanted when it resolves. A throw or a rejection ends the reading. */
export type Take = (chunk: Uint8Array) => Promise<void> | undefined;

/** Reads a body chunk by chunk to its end. Rejects with what `take` threw, or with what it was halted for. */
export type BodySource = (take: Take, halt: Halt) => Promise<void>;

/** How a reading is ended from outside. A small AbortSignal: one of Node's costs a call as much as its whole body. */
export class Halt {
  #onEnd: ((reason: unknown) => void) | null = null;

  /** Ends the reading that goes on; else it does nothing. */
  end(reason: unknown): void {
    this.#onEnd?.(reason);
  }

  /** For the source: what to do then; null = it has ended. */
  whenEnded(onEnd: ((reason: unknown) => void) | null): void {
    this.#onEnd = onEnd;
  }
}

/**
 * The body of a Node request, by its events: read by `for await`, a body of one-byte chunks is put together with a copy
 * per chunk and nobody can count them. What is left after a refusal is dropped.
 */
export function fromReadable(readable: Readable): BodySource {
  return (take, halt) =>
    new Promise((resolve, reject) => {
      const over = () => {
        readable.off("data", onData).off("end", onEnd).off("close", onCut).off("error", onCut);
        halt.whenEnded(null);
      };
      const fail = (error: unknown) => {
        over();
        drop(readable);
        if (asPublicError(error)?.code === "body_in_pieces") stopReading(readable);
        reject(error);
      };
      const onData = (chunk: Uint8Array) => {
        try {
          const room = take(chunk);
          if (room === undefined) return;
          readable.pause();
          room.then(() => readable.resume(), fail);
        } catch (error) {
          fail(error);
        }
      };
      const onEnd = () => {
        over();
        resolve();
      };
      const onCut = (error?: unknown) => fail(brokenOff(error));
      if (readable.destroyed) return onCut();
      halt.whenEnded(fail);
      readable.on("error", onCut).on("close", onCut).on("end", onEnd).on("data", onData);
    });
}

/**
 * Lets the rest of a body go by as Node does with a body that nobody has read. Otherwise each of its chunks goes through
 * the stream, which takes five times as long, and one read of a socket may hold eleven thousand.
 */
function drop(readable: Readable): void {
  const dump: unknown = Reflect.get(readable, "_dump");
  if (typeof dump === "function") dump.call(readable);
  else readable.resume();
}

/** Reads no more of a connection whose next bytes are as dear to parse: the answer ends it, unless its body is here already. */
function stopReading(readable: Readable): void {
  if (!(readable instanceof IncomingMessage)) return;
  const { socket } = readable;
  socket.pause();
  setImmediate(() => {
    if (readable.complete) socket.resume();
  });
}

/** The body of a web request. The stream is left as it is when reading ends early: to cancel it would end the connection. */
export function fromWeb(stream: ReadableStream<Uint8Array> | null): BodySource {
  return async (take, halt) => {
    if (stream === null) return;
    const reader = stream.getReader();
    // A read that waits is rejected by this.
    let halted: { readonly reason: unknown } | null = null;
    halt.whenEnded((reason) => {
      halted = { reason };
      reader.releaseLock();
    });
    const thrownBy = (thrown: unknown) => (halted === null ? brokenOff(thrown) : halted.reason);
    try {
      for (;;) {
        const next = await reader.read().catch((thrown: unknown) => {
          throw thrownBy(thrown);
        });
        if (next.done) return;
        await take(next.value);
      }
    } finally {
      halt.whenEnded(null);
    }
  };
}
