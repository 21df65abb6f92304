import { type AskOptions, Line } from "@/lib/admission/port/line";
import type { Log } from "@/lib/log";

/** Connections from the console to the processes of its installation that serve calls. */
export class CallProcesses {
  readonly #lines: readonly Line[];
  readonly #log: Log;

  constructor(sockets: readonly string[], log: Log) {
    this.#lines = sockets.map((socket) => new Line(socket));
    this.#log = log;
  }

  /** Asks one of them, because they share one store. If none is there, waits for one to come back. */
  async ask<Answer>(name: string, argument: unknown, options: AskOptions = {}): Promise<Answer> {
    const ready = this.#lines.find((line) => line.isConnected) ?? (await this.#first(options.timeoutMs ?? CONNECT_MS));
    return ready.ask(name, argument, options);
  }

  /** Asks each of them. A missing answer is left out and logged: that process is starting, or it has ended. */
  async askAll<Answer>(name: string, argument: unknown, timeoutMs: number): Promise<Answer[]> {
    const asked = this.#lines.map((line) => line.ask<Answer>(name, argument, { timeoutMs }));
    return (await Promise.allSettled(asked)).flatMap((outcome) => {
      if (outcome.status === "fulfilled") return [outcome.value];
      this.#log.warn({ err: outcome.reason, ask: name }, "a call process did not answer");
      return [];
    });
  }

  close(): void {
    for (const line of this.#lines) line.close();
  }

  async #first(timeoutMs: number): Promise<Line> {
    try {
      return await Promise.any(this.#lines.map((line) => line.connected(timeoutMs).then(() => line)));
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error;
    }
  }
}

const CONNECT_MS = 5000;
