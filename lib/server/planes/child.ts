import { type ChildProcess, fork } from "node:child_process";
import cluster from "node:cluster";
import path from "node:path";
import type { Log } from "@/lib/log";
import { waitBefore } from "./backoff";
import { asToSupervisor, type ToChild, type ToSupervisor } from "./messages";

/** How many ends of a process are remembered; with that many the wait is longest. */
const LIVES_MAX = 16;

export type ChildEvents = {
  heard(message: ToSupervisor): void;
  /** It ended before it ever served. It is not started again. */
  failed(text: string): void;
};

/**
 * A process of the installation that is started again whenever it ends, with growing waits. If it ends before it ever
 * served, the start has failed.
 */
export class Child {
  readonly name: string;
  readonly #start: () => ChildProcess;
  readonly #log: Log;
  readonly #events: ChildEvents;
  readonly #livedMs: number[] = [];
  #process: ChildProcess | null = null;
  #greeting: readonly ToChild[] = [];
  #again: NodeJS.Timeout | null = null;
  #wasReady = false;
  #isListening = false;
  #ending: "drain" | "hurry" | "kill" | null = null;
  #fault: string | null = null;
  #ended: () => void = () => undefined;
  /** Resolves when it has ended for good. */
  readonly ended = new Promise<void>((resolve) => {
    this.#ended = resolve;
  });

  constructor(input: { name: string; start: () => ChildProcess; log: Log; events: ChildEvents }) {
    this.name = input.name;
    this.#start = input.start;
    this.#log = input.log;
    this.#events = input.events;
  }

  begin(): void {
    const child = this.#start();
    const beganAt = performance.now();
    this.#process = child;
    this.#isListening = false;
    child.on("message", (received) => {
      const message = asToSupervisor(received);
      if (message?.kind === "hello") this.#greet();
      if (message?.kind === "ready") this.#wasReady = true;
      if (message?.kind === "fault") this.#fault = message.text;
      if (message !== null) this.#events.heard(message);
    });
    // It could not be started, or had just ended when a message was sent: "exit" follows or has come.
    child.on("error", (error) => this.#log.error({ err: error, process: this.name }, "could not reach a process"));
    child.once("exit", (code, signal) => this.#over({ code, signal, livedMs: performance.now() - beganAt }));
  }

  /** Sends it now. Each restarted process gets the newest message of each kind. */
  tell(message: ToChild): void {
    this.#greeting = [...this.#greeting.filter(({ kind }) => kind !== message.kind), message];
    this.#send(message);
  }

  /** It is not started again. `how`: a message to stop, or a kill. */
  end(how: "drain" | "hurry" | "kill"): void {
    this.#ending = how;
    if (this.#again !== null) clearTimeout(this.#again);
    if (this.#process === null) this.#ended();
    else if (how === "kill") this.#process.kill("SIGKILL");
    else this.#send({ kind: how });
  }

  /** Sends the missed messages. */
  #greet(): void {
    this.#isListening = true;
    for (const message of this.#greeting) this.#send(message);
    if (this.#ending === "drain" || this.#ending === "hurry") this.#send({ kind: this.#ending });
  }

  #send(message: ToChild): void {
    if (this.#isListening && this.#process?.connected === true) this.#process.send(message, () => undefined);
  }

  #over({ code, signal, livedMs }: { code: number | null; signal: string | null; livedMs: number }): void {
    this.#process = null;
    const how = signal ?? `exit code ${code}`;
    if (this.#ending === null && this.#wasReady) {
      this.#startLater(livedMs, how);
      return;
    }
    if (this.#ending === null) this.#events.failed(this.#fault ?? `${this.name} ended with ${how}`);
    this.#ending ??= "kill";
    this.#ended();
  }

  #startLater(livedMs: number, how: string): void {
    this.#livedMs.push(livedMs);
    if (this.#livedMs.length > LIVES_MAX) this.#livedMs.shift();
    const waitMs = waitBefore(this.#livedMs);
    const why = this.#fault === null ? {} : { why: this.#fault };
    this.#fault = null;
    this.#log.error({ process: this.name, how, waitMs, ...why }, "a process ended; restarting it");
    this.#again = setTimeout(() => this.begin(), waitMs);
  }
}

/** The command that starts a part, however we were started ourselves. The working folder is the program's. */
const program = () => path.resolve("scripts", "start.mjs");

/**
 * Flags of V8 for a process that serves calls. Everything that calls in flight hold is copied whenever the young
 * generation is full, so twice the room halves the copying. MB for each of its halves; V8's own maximum is 16.
 */
export const CALL_FLAGS: readonly string[] = ["--max-semi-space-size=32"];

/** Starts this same program as one part of the installation. */
export function startPart(part: string, flags: readonly string[] = []): ChildProcess {
  const execArgv = [...process.execArgv, ...flags];
  return fork(program(), ["--part", part], { execArgv, stdio: ["ignore", "inherit", "inherit", "ipc"] });
}

/**
 * The same for one of several processes that share a port. Each accepts connections itself. If this process handed them
 * out, a connection on its way to a dying process would hang for ever.
 */
export function startSharing(part: string, flags: readonly string[] = []): ChildProcess {
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({
    exec: program(),
    execArgv: [...process.execArgv, ...flags],
    args: ["--part", part],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return cluster.fork().process;
}
