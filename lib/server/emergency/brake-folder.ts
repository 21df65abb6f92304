import fs from "node:fs";
import path from "node:path";
import type { Log } from "@/lib/log";
import { EMERGENCY_BRAKES_MAX, type EmergencyBrake, merged, readEmergencyBrake } from "./emergency-brake";

/**
 * The brakes of one DATA_DIR that are not yet in the database, one file each. A file is replaced in one step and is on
 * the disk when `put` returns, so neither a kill nor a second process loses a brake. A lift has its own file, so
 * removing a booked brake cannot remove a later lift. An unreadable file is set aside and reported.
 */
export class BrakeFolder {
  readonly #folder: string;
  readonly #log: Log;

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  read(): readonly EmergencyBrake[] {
    const brakes = this.#names().flatMap((name) => {
      const brake = this.#one(name);
      return brake === null ? [] : [brake];
    });
    return merged([brakes]);
  }

  /** Throws when it cannot be written. */
  put(brake: EmergencyBrake): void {
    fs.mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const file = this.#fileOf(brake);
    const half = `${file}.${process.pid}.new`;
    fs.writeFileSync(half, JSON.stringify(brake), { mode: 0o600, flush: true });
    fs.renameSync(half, file);
  }

  /** Removes a brake that is in the database in this state. If it was lifted meanwhile, it stays. */
  drop(brake: EmergencyBrake): void {
    fs.rmSync(this.#fileOf({ ...brake, lift: null }), { force: true });
    if (brake.lift !== null) fs.rmSync(this.#fileOf(brake), { force: true });
  }

  #names(): readonly string[] {
    try {
      return fs
        .readdirSync(this.#folder)
        .filter((name) => NAME.test(name))
        .slice(0, 2 * EMERGENCY_BRAKES_MAX);
    } catch {
      // No brake was ever set in an emergency.
      return [];
    }
  }

  #one(name: string): EmergencyBrake | null {
    const file = path.join(this.#folder, name);
    const text = readIfThere(file);
    if (text === null) return null;
    const brake = readEmergencyBrake(text);
    if (brake !== null) return brake;
    this.#log.error({ file }, "an emergency brake's file cannot be read: it was set aside");
    fs.renameSync(file, `${file}.unreadable`);
    return null;
  }

  #fileOf({ id, lift }: EmergencyBrake): string {
    return path.join(this.#folder, lift === null ? `${id}.json` : `${id}.lifted.json`);
  }
}

const NAME = /^brk_[0-9a-f]{20}(?:\.lifted)?\.json$/;

/** Null: another process of this DATA_DIR has removed it. */
function readIfThere(file: string): string | null {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
