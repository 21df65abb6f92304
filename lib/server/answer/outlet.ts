import type { ServerResponse } from "node:http";

const WRITE_STALL_MS = 30_000;

/**
 * Sends one answer at the pace of its reader. It takes a chunk only when the socket has room, so at most one chunk
 * waits in this process. One pair of listeners serves all chunks.
 */
export class Outlet {
  readonly #response: ServerResponse;
  readonly #stalled: () => void;
  readonly #stallMs: number;
  #room: (() => void) | null = null;

  /** `stalled`: the client has read nothing for `stallMs`, and its connection is closed. */
  constructor(response: ServerResponse, stalled: () => void, stallMs = WRITE_STALL_MS) {
    this.#response = response;
    this.#stalled = stalled;
    this.#stallMs = stallMs;
    const go = () => this.#room?.();
    response.on("drain", go);
    response.on("close", go);
  }

  /**
   * Undefined when the socket takes more, which is the usual case. Otherwise resolves when it does, or when the client
   * has gone or has read nothing for too long.
   */
  write(chunk: Uint8Array): Promise<void> | undefined {
    const response = this.#response;
    if (response.destroyed || response.write(chunk) || response.destroyed) return undefined;
    return new Promise<void>((resolve) => {
      const stall = setTimeout(() => {
        this.#stalled();
        response.destroy();
      }, this.#stallMs);
      this.#room = () => {
        clearTimeout(stall);
        this.#room = null;
        resolve();
      };
    });
  }
}
