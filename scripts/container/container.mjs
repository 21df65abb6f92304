import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { done } from "./image.mjs";

// One runc container, confined as in compose.yaml and the chart: unprivileged, read-only root, no capability, only
// /data and /tmp writable, and the server is process 1. It uses the machine's network.

const RUN_AS = /^(\d+):(\d+)$/;

export function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function bundle({ config, rootfs }, folder, { env, data }) {
  const [, uid, gid] = RUN_AS.exec(config.User) ?? [];
  done("runc", ["spec", "--bundle", folder]);
  const file = path.join(folder, "config.json");
  const spec = JSON.parse(fs.readFileSync(file, "utf8"));
  const none = Object.fromEntries(Object.keys(spec.process.capabilities).map((kind) => [kind, []]));
  const bind = (from, to, mode) => ({ destination: to, type: "bind", source: from, options: ["rbind", mode] });
  // An engine sets its own limits; a sandbox may not raise them.
  delete spec.process.rlimits;
  spec.process = {
    ...spec.process,
    terminal: false,
    user: { uid: Number(uid), gid: Number(gid) },
    args: config.Entrypoint,
    env: [...config.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
    cwd: config.WorkingDir,
    capabilities: none,
    noNewPrivileges: true,
  };
  spec.root = { path: rootfs, readonly: true };
  spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== "network");
  spec.mounts = [
    ...spec.mounts.filter(({ destination }) => !destination.startsWith("/sys")),
    { destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "mode=1777"] },
    bind("/etc/hosts", "/etc/hosts", "ro"),
    bind("/etc/resolv.conf", "/etc/resolv.conf", "ro"),
    bind(data, "/data", "rw"),
  ];
  fs.writeFileSync(file, JSON.stringify(spec));
}

/**
 * Starts a container with these settings. `data` = the folder for /data, null = an empty one as an engine makes it.
 * After `ended` nothing is left of it.
 */
export async function container(image, folder, { env = {}, data = null } = {}) {
  const id = `spillway-${process.pid}-${fs.readdirSync(folder).length}`;
  const own = path.join(folder, id);
  const kept = data ?? path.join(own, "data");
  for (const one of [own, kept]) fs.mkdirSync(one, { recursive: true });
  const [, uid, gid] = RUN_AS.exec(image.config.User) ?? [];
  if (data === null) {
    fs.chownSync(kept, Number(uid), Number(gid));
    fs.chmodSync(kept, 0o700);
  }
  const port = String(await freePort());
  bundle(image, own, { env: { PORT: port, ...env }, data: kept });
  const runc = ["--root", path.join(folder, "runc")];
  const child = spawn("runc", [...runc, "run", "--bundle", own, id], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  return {
    data: kept,
    baseUrl: `http://127.0.0.1:${port}`,
    ended,
    output: () => output,
    /** Signals process 1 of the container, as an engine does. */
    signal: (name) => done("runc", [...runc, "kill", id, name]),
    /** Runs a command in it, as its user; returns what it printed. */
    exec: (...args) => done("runc", [...runc, "exec", id, ...args]),
  };
}
