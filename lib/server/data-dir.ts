import { createHash, createHmac, randomBytes } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import { BootFault } from "@/lib/errors";

/** Makes the folder and checks that it can be written. */
export function prepareDataDir(dataDir: string): void {
  try {
    fs.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const probe = path.join(dataDir, ".probe");
    fs.writeFileSync(probe, "");
    fs.rmSync(probe);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
    throw new BootFault(`DATA_DIR: ${dataDir} cannot be written (${reason})`);
  }
}

/**
 * Locks the folder for this process with a socket named after the folder's path. The kernel removes the socket however
 * the process ends, so kill -9 leaves no stale lock.
 */
export async function lockDataDir(dataDir: string): Promise<{ release(): Promise<void> }> {
  const lock = await tryLock(fs.realpathSync(dataDir));
  if (lock !== null) return lock;
  throw new BootFault(
    `DATA_DIR: ${dataDir} is in use by another Spillway process; the in-process store serves one process only`,
  );
}

/** Locks one numbered part of the folder; each process of an installation has one. Waits for a process that is exiting. */
export async function lockPart(dataDir: string, part: string): Promise<{ release(): Promise<void> }> {
  const deadline = performance.now() + LEAVING_MS;
  for (;;) {
    const lock = await tryLock(`${fs.realpathSync(dataDir)}\n${part}`);
    if (lock !== null) return lock;
    if (performance.now() > deadline)
      throw new BootFault(`DATA_DIR: a process of before still holds ${dataDir}/${part}`);
    await new Promise((resolve) => setTimeout(resolve, LOCK_AGAIN_MS));
  }
}

const LEAVING_MS = 10_000;
const LOCK_AGAIN_MS = 25;

/** Null: another process holds it. */
async function tryLock(name: string): Promise<{ release(): Promise<void> } | null> {
  const id = createHash("sha256").update(name).digest("hex").slice(0, 24);
  const address = process.platform === "linux" ? `\0spillway-${id}` : path.join(os.tmpdir(), `spillway-${id}.sock`);
  const server = net.createServer((socket) => socket.destroy());
  const listen = () =>
    new Promise<boolean>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) =>
        error.code === "EADDRINUSE" ? resolve(false) : reject(error),
      );
      server.listen({ path: address, exclusive: true }, () => resolve(true));
    });
  let held = await listen();
  // On other systems the socket is a file, which a kill -9 leaves behind. If nothing answers there, the lock is free.
  if (!held && process.platform !== "linux" && !(await answers(address))) {
    fs.rmSync(address, { force: true });
    held = await listen();
  }
  if (!held) return null;
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

const secretsFile = z.object({ keyPepper: z.string(), authSecret: z.string(), operatorToken: z.string() });
export type Secrets = z.infer<typeof secretsFile>;

/** The secrets of this installation. Made at the first start and kept in DATA_DIR, readable only by this user. */
export function ownSecrets(dataDir: string): Secrets {
  const file = path.join(dataDir, "secrets.json");
  if (!fs.existsSync(file)) {
    const fresh = () => randomBytes(32).toString("base64url");
    const secrets = { keyPepper: fresh(), authSecret: fresh(), operatorToken: `sw_op_${fresh()}` };
    fs.writeFileSync(file, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  }
  const parsed = secretsFile.safeParse(JSON.parse(fs.readFileSync(file, "utf8")));
  if (!parsed.success)
    throw new BootFault(`DATA_DIR: ${file} is damaged; restore it from a copy (keys made with it are void without it)`);
  return parsed.data;
}

/**
 * Derives a secret for another use from one that the processes share. They must agree on counter subjects and on the
 * audit chain as well as on keys.
 */
export function derived(secret: string, use: "digest" | "audit" | "audit marks" | "fingerprint" | "vault"): string {
  return createHmac("sha256", secret).update(`spillway ${use}`).digest("base64url");
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(address);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
