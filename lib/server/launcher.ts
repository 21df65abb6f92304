import fs from "node:fs";
import path from "node:path";

/** One step up the process tree: a process and its parent. */
type Link = { readonly child: number; readonly parent: number };
type Seen = { readonly parent: number; readonly argv: readonly string[] };

const DEPTH_MAX = 8;
const WATCH_MS = 200;
const SHELLS = new Set(["sh", "dash", "bash", "ash", "busybox", "zsh", "ksh"]);

/**
 * Calls `onGone` once when the npm or the `sh -c` that started this process has ended. Their signals do not always
 * arrive here: a killed shell leaves its child behind, and so does a killed npm. Interactive shells are not watched,
 * nor shells that ended before this call, because a server started in the background is meant to stay. Needs /proc;
 * without it nothing is watched.
 */
export function watchLaunchers(onGone: () => void): void {
  const links = launchersOf(process.pid, seenInProc);
  if (links.length === 0) return;
  const timer = setInterval(() => {
    if (links.every(({ child, parent }) => seenInProc(child)?.parent === parent)) return;
    clearInterval(timer);
    onGone();
  }, WATCH_MS).unref();
}

/** The chain of launchers above a process, nearest first. It ends at the first process that is no launcher. */
export function launchersOf(pid: number, look: (pid: number) => Seen | null): Link[] {
  const links: Link[] = [];
  for (let child = pid; links.length < DEPTH_MAX; ) {
    const parent = look(child)?.parent;
    const above = parent === undefined ? null : look(parent);
    if (parent === undefined || above === null || !isLauncher(above.argv)) return links;
    links.push({ child, parent });
    child = parent;
  }
  return links;
}

/** npm, whose title is its command (`npm start`), or a shell that runs one command and ends. */
function isLauncher(argv: readonly string[]): boolean {
  const [first = "", ...rest] = argv.flatMap((text) => text.split(" "));
  const name = path.basename(first);
  if (name === "npm") return true;
  return SHELLS.has(name) && rest.some((flag) => /^-[a-z]*c$/.test(flag));
}

function seenInProc(pid: number): Seen | null {
  try {
    const parent = /^PPid:\s*(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    const argv = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return parent === undefined ? null : { parent: Number(parent), argv: argv.filter((text) => text !== "") };
  } catch {
    // It has ended, or there is no /proc: the caller takes both as "not seen".
    return null;
  }
}
