import type { Readable } from "node:stream";
import { brokenOff } from "@/lib/errors";

/** Takes a chunk. A promise: the next one is wanted when it resolves. A throw or a rejection ends the reading. */
export type Take = (chunk: Uint8Array) => Promise<void> | undefined;

/** Reads a body chunk by chunk to its end. Rejects with what `take` threw, or with the signal's reason. */
export type BodySource = (take: Take, signal: AbortSignal) => Promise<void>;

/**
 * The body of a Node request, by its events: read by `for await`, a body of one-byte chunks is put together with a copy
 * per chunk and nobody can count them. What is left is read on and dropped: kept in the stream it
 * would cost more, and the answer ends the connection.
 */
export function fromReadable(readable: Readable): BodySource {
  return (take, signal) =>
    new Promise((resolve, reject) => {
      const over = () => {
        readable.off("data", onData).off("end", onEnd).off("close", onCut).off("error", onCut);
        signal.removeEventListener("abort", onAbort);
      };
      const fail = (error: unknown) => {
        over();
        readable.resume();
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
      const onAbort = () => fail(signal.reason);
      if (signal.aborted) return onAbort();
      if (readable.destroyed) return onCut();
      signal.addEventListener("abort", onAbort, { once: true });
      readable.on("error", onCut).on("close", onCut).on("end", onEnd).on("data", onData);
    });
}

/** The body of a web request. The stream is left as it is when reading ends early: to cancel it would end the connection. */
export function fromWeb(stream: ReadableStream<Uint8Array> | null): BodySource {
  return async (take, signal) => {
    if (stream === null) return;
    const reader = stream.getReader();
    // A read that waits is rejected by this.
    const stop = () => reader.releaseLock();
    if (signal.aborted) throw signal.reason;
    signal.addEventListener("abort", stop, { once: true });
    try {
      for (;;) {
        const next = await reader.read().catch((thrown: unknown) => {
          throw signal.aborted ? signal.reason : brokenOff(thrown);
        });
        if (next.done) return;
        await take(next.value);
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  };
}
