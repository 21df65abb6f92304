import fs from "node:fs";
import type { Log } from "@/lib/log";
import type { MemoryAdmission } from "./memory";
import { memoryDump } from "./memory-dump";

const SAVE_EVERY_MS = 1000;
/** A save may take at most this share of the process's time: large stores are saved less often. */
const SAVE_SHARE_MAX = 0.05;

/**
 * Keeps the in-process store over restarts: a copy in DATA_DIR, written every second and at a clean stop.
 * Fail mode: kill -9 forgets the counts of the last second (and so admits at most that much again); the ledger forgets
 * nothing, as it has its own journal.
 */
export class MemoryFile {
  readonly #store: MemoryAdmission;
  readonly #file: string;
  readonly #log: Log;
  #timer: NodeJS.Timeout | null = null;
  #saved = "";

  constructor(input: { store: MemoryAdmission; file: string; log: Log }) {
    this.#store = input.store;
    this.#file = input.file;
    this.#log = input.log;
  }

  /** Restores the last copy. An unreadable copy is set aside and reported: counters then start empty. */
  load(): void {
    if (!fs.existsSync(this.#file)) return;
    try {
      this.#store.restore(memoryDump.parse(JSON.parse(fs.readFileSync(this.#file, "utf8"))));
    } catch (error) {
      this.#log.error({ err: error }, "the copy of the in-process store cannot be read; counters start empty");
      fs.renameSync(this.#file, `${this.#file}.unreadable`);
    }
  }

  start(): void {
    const turn = () => {
      const began = performance.now();
      this.save();
      const took = performance.now() - began;
      this.#timer = setTimeout(turn, Math.max(SAVE_EVERY_MS, took / SAVE_SHARE_MAX)).unref();
    };
    this.#timer = setTimeout(turn, SAVE_EVERY_MS).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.save();
  }

  /** Replaces the copy in one step, so that a kill leaves the old or the new one, never half. */
  save(): void {
    const text = JSON.stringify(this.#store.dump());
    if (text === this.#saved) return;
    try {
      fs.writeFileSync(`${this.#file}.new`, text, { mode: 0o600 });
      fs.renameSync(`${this.#file}.new`, this.#file);
      this.#saved = text;
    } catch (error) {
      this.#log.error({ err: error }, "the in-process store could not be copied to DATA_DIR");
    }
  }
}
