import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");

/**
 * Fills an empty folder with a copy of what `make` made once for this `name`. A copy takes a tenth of a second; a
 * database's files and its migrations take seconds. Copies are valid as long as the name says what they were made of.
 */
export async function fillPrepared(
  folder: string,
  { name, make }: { readonly name: string; readonly make: (folder: string) => Promise<void> },
): Promise<void> {
  const template = path.join(root, "test-results", `prepared-${name}`);
  if (!fs.existsSync(template)) await makeOnce(template, make);
  const { status, stderr } = spawnSync("cp", ["-a", `${template}/.`, folder]);
  if (status !== 0) throw new Error(`cp: ${stderr}`);
}

/** Runners that need it at the same time each make one; the first one stays. */
async function makeOnce(template: string, make: (folder: string) => Promise<void>): Promise<void> {
  fs.mkdirSync(path.dirname(template), { recursive: true });
  const own = `${template}.${process.pid}`;
  fs.rmSync(own, { recursive: true, force: true });
  fs.mkdirSync(own, { mode: 0o700 });
  await make(own);
  try {
    fs.renameSync(own, template);
  } catch (error) {
    if (!fs.existsSync(template)) throw error;
    fs.rmSync(own, { recursive: true });
  }
}
