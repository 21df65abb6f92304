import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

/** Adds to the wall clock of a process the milliseconds that stand in a file, and leaves every other clock alone. */
const SHIM = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static volatile long long *by;
__attribute__((constructor)) static void begin(void) {
  int file = open(getenv("CLOCK_FILE"), O_RDONLY);
  if (file < 0) return;
  void *at = mmap(0, sizeof(long long), PROT_READ, MAP_SHARED, file, 0);
  if (at != MAP_FAILED) by = at;
  close(file);
}
static long long ms(void) { return by ? *by : 0; }
int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  static int (*real)(struct timeval *, void *);
  if (!real) real = dlsym(RTLD_NEXT, "gettimeofday");
  int code = real(at, zone);
  if (at) at->tv_sec += ms() / 1000;
  return code;
}
int clock_gettime(clockid_t id, struct timespec *at) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int code = real(id, at);
  if (at && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) at->tv_sec += ms() / 1000;
  return code;
}
time_t time(time_t *to) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  if (to) *to = at.tv_sec;
  return at.tv_sec;
}
`;

let built: string | null | undefined;

/** The library to preload, built once; null where there is no compiler. */
function shim(): string | null {
  if (built !== undefined) return built;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-clock-"));
  fs.writeFileSync(path.join(folder, "clock.c"), SHIM);
  const library = path.join(folder, "clock.so");
  try {
    execFileSync("gcc", ["-shared", "-fPIC", "-o", library, path.join(folder, "clock.c"), "-ldl"], { stdio: "ignore" });
    built = library;
  } catch {
    built = null;
  }
  return built;
}

/** Whether clocks can be set here. */
export const canSetClocks = process.platform === "linux" && shim() !== null;

/** The wall clock of processes that are started with its `env`. */
export class SetClock {
  readonly env: Readonly<Record<string, string>>;
  readonly #file: string;

  constructor() {
    this.#file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "spillway-clock-")), "by");
    this.set(0);
    this.env = { LD_PRELOAD: shim() ?? "", CLOCK_FILE: this.#file };
  }

  /** From now on so much later than the true time; whole seconds. */
  set(ms: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(ms));
    // In place: the processes have it mapped.
    const file = fs.openSync(this.#file, fs.existsSync(this.#file) ? "r+" : "w");
    fs.writeSync(file, bytes, 0, bytes.byteLength, 0);
    fs.closeSync(file);
  }
}
