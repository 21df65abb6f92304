import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

// Builds the Dockerfile's image without a daemon: buildah in chroot isolation, on a base from debootstrap. Root only.

const root = path.resolve(import.meta.dirname, "../..");
const BASE = "localhost/node-base:local";
const IMAGE = "localhost/spillway:local";

/** Runs a command to its end and returns its output. On failure throws with the end of the output. */
export function done(command, args, options = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28, ...options });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${`${stdout}${stderr}`.slice(-3000)}`);
}

/** buildah with its own store, so that the machine's images are not touched. */
export function builder(folder) {
  const policy = path.join(folder, "policy.json");
  fs.writeFileSync(policy, JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }));
  const store = [
    "--storage-driver",
    "vfs",
    "--root",
    path.join(folder, "images"),
    "--runroot",
    path.join(folder, "run"),
  ];
  return {
    policy: ["--signature-policy", policy],
    buildah: (...args) => done("buildah", [...store, ...args], { cwd: root }).trim(),
  };
}

/**
 * A small Debian with the Node and npm that run this script; returns the image's name. It trusts the certificates in
 * NODE_EXTRA_CA_CERTS: behind a proxy that ends TLS, npm must reach the registry from inside too.
 */
function makeBase({ buildah, policy }, folder) {
  const base = path.join(folder, "base");
  done("debootstrap", ["--variant=minbase", "--include=libstdc++6,ca-certificates", "bookworm", base]);
  fs.rmSync(path.join(base, "var/cache/apt/archives"), { recursive: true });
  fs.copyFileSync(fs.realpathSync(process.execPath), path.join(base, "usr/bin/node"));
  const npm = path.dirname(path.dirname(fs.realpathSync(done("which", ["npm"]).trim())));
  fs.cpSync(npm, path.join(base, "usr/lib/node_modules/npm"), { recursive: true });
  for (const name of ["npm", "npx"])
    fs.symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, path.join(base, "usr/bin", name));
  const trusted = process.env.NODE_EXTRA_CA_CERTS ?? "";
  const settings = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];
  if (trusted !== "") {
    fs.copyFileSync(trusted, path.join(base, "etc/ssl/certs/build.crt"));
    settings.push("NODE_EXTRA_CA_CERTS=/etc/ssl/certs/build.crt");
  }
  const container = buildah("from", "scratch");
  buildah("copy", "--quiet", container, base, "/");
  for (const setting of settings) buildah("config", "--env", setting, container);
  buildah("commit", "--quiet", ...policy, "--rm", container, BASE);
  fs.rmSync(base, { recursive: true });
  return BASE;
}

/** Whether an earlier run left the image in the folder. */
export function isBuilt({ buildah }) {
  return buildah("images", "--format", "{{.Name}}:{{.Tag}}").split("\n").includes(IMAGE);
}

/** Builds the image; `base` = an image that the builder can pull, or null = make one here. */
export function buildImage(made, folder, base) {
  const from = base ?? makeBase(made, folder);
  const args = ["--isolation", "chroot", "--format", "docker", "--build-arg", `BASE=${from}`, "--tag", IMAGE];
  const pull = base === null ? ["--pull-never"] : [];
  made.buildah("build", "--quiet", ...made.policy, ...pull, ...args, ".");
}

/** The image's settings, and a root file system made from it that can be mounted. */
export function unpacked({ buildah, policy }) {
  const { Docker } = JSON.parse(buildah("inspect", "--type", "image", IMAGE));
  const container = buildah("from", "--pull-never", ...policy, IMAGE);
  return { config: Docker.config, rootfs: buildah("mount", container) };
}
