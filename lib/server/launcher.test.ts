import { expect, test } from "vitest";
import { launchersOf } from "./launcher";

const NODE = ["node", "scripts/start.mjs"];
test.each([
  ["npm that runs it directly", [NODE, ["npm start"]], 1],
  ["npm and its shell", [NODE, ["sh", "-c", "node scripts/start.mjs"], ["npm start"], ["bash"]], 2],
  ["npm in a container's shell", [NODE, ["npm start"], ["/bin/sh", "-c", "npm start"], ["containerd"]], 2],
  ["a shell with flags", [NODE, ["/usr/bin/bash", "-euc", "node x"], ["runner"]], 1],
  ["an interactive shell", [NODE, ["-bash"], ["sshd"]], 0],
  ["a script", [NODE, ["sh", "./run.sh"]], 0],
  ["init", [NODE, ["/sbin/init"]], 0],
])("%s", (_name, chain, length) => {
  // Process 1 is the first of the chain. The parent of each process is the next one.
  const look = (pid: number) => {
    const argv = chain[pid - 1];
    return argv === undefined ? null : { parent: pid + 1, argv };
  };
  expect(launchersOf(1, look)).toEqual(Array.from({ length }, (_, index) => ({ child: index + 1, parent: index + 2 })));
});
