import { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { asPublicError, brokenOff } from "@/lib/errors";

/**
 * Takes a chunk. If it returns a promise, the next chunk is read when it resolves. A throw or a rejection ends the
 * read.
 */
export type Take = (chunk: Uint8Array) => Promise<void> | undefined;

/** Reads a body chunk by chunk to its end. Rejects with the error of `take`, or with the reason of the halt. */
export type BodySource = (take: Take, halt: Halt) => Promise<void>;

/** Ends a read from outside. A minimal AbortSignal: Node's own costs as much as the whole body of a call. */
export class Halt {
  #onEnd: ((reason: unknown) => void) | null = null;

  /** Ends the running read, if any. */
  end(reason: unknown): void {
    this.#onEnd?.(reason);
  }

  /** For the source: the action on halt; null = the read has ended. */
  whenEnded(onEnd: ((reason: unknown) => void) | null): void {
    this.#onEnd = onEnd;
  }
}

/**
 * The body of a Node request, read by its events. With `for await`, one-byte chunks would each be copied and could not
 * be counted. The rest after a refusal is dropped.
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
 * Discards the rest of a body the way Node discards an unread body. Through the stream each chunk would cost five times
 * as long, and one socket read may hold eleven thousand chunks.
 */
function drop(readable: Readable): void {
  const dump: unknown = Reflect.get(readable, "_dump");
  if (typeof dump === "function") dump.call(readable);
  else readable.resume();
}

/**
 * Stops reading a connection whose next bytes would be as expensive to parse. The answer closes it, unless the whole
 * body has already arrived.
 */
function stopReading(readable: Readable): void {
  if (!(readable instanceof IncomingMessage)) return;
  const { socket } = readable;
  socket.pause();
  setImmediate(() => {
    if (readable.complete) socket.resume();
  });
}

/**
 * The body of a web request. If the read ends early, the stream is left as it is, because cancelling it would close the
 * connection.
 */
export function fromWeb(stream: ReadableStream<Uint8Array> | null): BodySource {
  return async (take, halt) => {
    if (stream === null) return;
    const reader = stream.getReader();
    // Rejects a waiting read.
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
