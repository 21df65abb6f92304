import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { BootFault } from "@/lib/errors";

/** The kernel's limit for the name of a Unix socket (107 bytes on Linux, 103 on macOS). */
const SOCKET_PATH_MAX = 103;
const LONGEST_NAME = "/calls-64.sock".length;
const OURS_ALONE = 0o700;

/** The folder of the sockets between processes of one DATA_DIR. Only this user may enter. Made if it is missing. */
export function socketFolder(dataDir: string): string {
  const own = path.join(dataDir, "run");
  const folder = Buffer.byteLength(own) + LONGEST_NAME <= SOCKET_PATH_MAX ? own : shortFolder(dataDir);
  fs.mkdirSync(folder, { recursive: true, mode: OURS_ALONE });
  const { uid, mode } = fs.lstatSync(folder);
  if (uid !== (process.getuid?.() ?? uid)) throw new BootFault(`DATA_DIR: ${folder} belongs to another user`);
  if ((mode & 0o777) !== OURS_ALONE) fs.chmodSync(folder, OURS_ALONE);
  return folder;
}

function shortFolder(dataDir: string): string {
  const id = createHash("sha256").update(fs.realpathSync(dataDir)).digest("hex").slice(0, 24);
  return path.join(os.tmpdir(), `spillway-run-${id}`);
}

/** Where the process with this number serves its port; the first is 1. */
export function callsSocket(dataDir: string, number: number): string {
  return path.join(socketFolder(dataDir), `calls-${number}.sock`);
}

export function consoleSocket(dataDir: string): string {
  return path.join(socketFolder(dataDir), "console.sock");
}

/** Where the process with this number keeps its journal. The first one uses the place of a single process. */
export function journalFolder(dataDir: string, number: number): string {
  return path.join(dataDir, number === 1 ? "journal" : `journal-${number}`);
}

/** Journals of processes that are no longer started. The first process takes them over. */
export function leftJournals(dataDir: string, processes: number): string[] {
  return fs
    .readdirSync(dataDir)
    .filter((name) => Number(/^journal-(\d+)$/.exec(name)?.[1] ?? 0) > processes)
    .map((name) => path.join(dataDir, name));
}
