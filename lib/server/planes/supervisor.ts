import type { Env } from "@/lib/env";
import { BootFault } from "@/lib/errors";
import { makeLog } from "@/lib/log";
import { findDatabase } from "../boot/postgres";
import { lockDataDir, ownSecrets, prepareDataDir } from "../data-dir";
import type { Credentials } from "../demo";
import { greet } from "../greet";
import { orUndone, type Undo } from "../life/or-undone";
import { leaveOnSignals } from "../life/signals";
import { stopInSteps } from "../life/stop-steps";
import { STOP_MS } from "../life/stop-times";
import { callCount } from "./call-count";
import { CALL_FLAGS, Child, startPart, startSharing } from "./child";
import type { ToSupervisor } from "./messages";
import { socketFolder } from "./places";

const LOOK_EVERY_MS = 500;
/** Time beyond drain and stop before a process is killed; after a second signal, the only time. */
const LATE_MS = { drained: 10_000, hurried: 4000 };

/**
 * `npm start` with separate planes: runs the embedded PostgreSQL, one process for the console and one or more for
 * calls. A process that dies is started again; the others go on. It loads none of their code and sees no request.
 * Resolves when all of them serve. Throws BootFault when a part cannot start.
 */
export async function supervise(env: Env): Promise<void> {
  const began = performance.now();
  const processes = callCount(env);
  prepareDataDir(env.dataDir);
  const lock = await lockDataDir(env.dataDir);
  await orUndone([lock.release], async (undo) => {
    ownSecrets(env.dataDir);
    socketFolder(env.dataDir);
    const credentials = await new Installation({ env, processes, undo }).start();
    greet({ env, credentials, tookMs: performance.now() - began });
  });
}

/** The processes of an installation, from their start to their end. */
class Installation {
  readonly #env: Env;
  readonly #log: ReturnType<typeof makeLog>;
  readonly #undo: Undo;
  readonly #console: Child;
  readonly #calls: readonly Child[];
  readonly #ready = new Set<string>();
  #credentials: Credentials | null = null;
  #isDatabaseAway = false;
  #whenReady: () => void = () => undefined;
  #whenFailed: (error: Error) => void = () => undefined;

  constructor({ env, processes, undo }: { env: Env; processes: number; undo: Undo }) {
    this.#env = env;
    this.#log = makeLog(env.logLevel);
    this.#undo = undo;
    this.#console = this.#child("console", () => startPart("console"));
    this.#calls = Array.from({ length: processes }, (_, index) => {
      const part = String(index + 1);
      return this.#child(`calls ${part}`, () =>
        processes === 1 ? startPart(part, CALL_FLAGS) : startSharing(part, CALL_FLAGS),
      );
    });
  }

  get #all(): readonly Child[] {
    return [this.#console, ...this.#calls];
  }

  /** Resolves when all of them serve, with what the first start made. */
  async start(): Promise<Credentials | null> {
    const ready = new Promise<void>((resolve, reject) => {
      this.#whenReady = resolve;
      this.#whenFailed = reject;
    });
    // An error before the first wait is not lost: it is thrown below.
    ready.catch(() => undefined);
    const tell = (step: string) => process.stdout.write(`  ${step}\n`);
    this.#leaveWhenTold();
    // They load their code while the database starts.
    for (const child of this.#all) child.begin();
    try {
      const { address, restarts } = await findDatabase({ env: this.#env, log: this.#log, undo: this.#undo, tell });
      for (const child of this.#all) child.tell({ kind: "go", address });
      this.#followRestarts(restarts);
      tell("starting the console and the processes that serve calls");
      await ready;
    } catch (error) {
      for (const child of this.#all) child.end("hurry");
      await this.#endedOrKilled(LATE_MS.hurried);
      throw error;
    }
    return this.#credentials;
  }

  #child(name: string, start: () => ReturnType<typeof startPart>): Child {
    const events = {
      heard: (message: ToSupervisor) => this.#heard(name, message),
      failed: (text: string) => this.#whenFailed(new BootFault(text)),
    };
    return new Child({ name, start, log: this.#log, events });
  }

  #heard(name: string, message: ToSupervisor): void {
    if (message.kind === "ready") {
      this.#ready.add(name);
      if (this.#ready.size === this.#all.length) this.#whenReady();
    } else if (message.kind === "seeded") {
      this.#credentials ??= message.credentials;
      for (const child of this.#calls) child.tell({ kind: "seeded" });
    } else if (message.kind === "leaving") {
      this.#isDatabaseAway = message.isDatabaseAway;
    }
  }

  #followRestarts(restarts: () => number): void {
    let told = 0;
    const timer = setInterval(() => {
      if (restarts() === told) return;
      told = restarts();
      for (const child of this.#calls) child.tell({ kind: "postgres", restarts: told });
    }, LOOK_EVERY_MS).unref();
    this.#undo.push(async () => clearInterval(timer));
  }

  #leaveWhenTold(): void {
    let hurry: () => void = () => undefined;
    const hurried = new Promise<void>((resolve) => {
      hurry = resolve;
    });
    const leave = async () => {
      for (const child of this.#all) child.end("drain");
      const longestMs = this.#env.drainMs + STOP_MS.whole + LATE_MS.drained;
      await Promise.race([
        this.#endedOrKilled(longestMs),
        hurried.then(() => {
          for (const child of this.#all) child.end("hurry");
          return this.#endedOrKilled(LATE_MS.hurried);
        }),
      ]);
      const steps = this.#undo.reverse().map((run) => ({ name: "what was opened", run }));
      const totalMs = this.#isDatabaseAway ? STOP_MS.alone : STOP_MS.whole;
      await stopInSteps(steps, { log: this.#log, totalMs, hurriedMs: STOP_MS.hurried, hurried });
      process.exit(0);
    };
    const leaveNow = () => {
      for (const child of this.#all) child.end("kill");
      process.exit(1);
    };
    leaveOnSignals({ begin: () => void leave(), hurry }, leaveNow);
  }

  /** Resolves when all of them have ended. */
  async #endedOrKilled(ms: number): Promise<void> {
    const late = setTimeout(() => {
      for (const child of this.#all) child.end("kill");
    }, ms);
    await Promise.all(this.#all.map((child) => child.ended));
    clearTimeout(late);
  }
}
