import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { freePort, root, until } from "../fixtures/process";

/** Of a start on a machine that runs much else at the same time. */
const START_MS = 60_000;
const SHELL_COMMAND = "node scripts/start.mjs; exit $?";

describe("SIGTERM to what started the server drains the server: running answers end whole, then nobody is left", () => {
  test.each<[string, string, readonly string[], NodeJS.Signals]>([
    ["npm start", "npm", ["start"], "SIGTERM"],
    ["npm start, killed outright", "npm", ["start"], "SIGKILL"],
    ["a shell", "sh", ["-c", SHELL_COMMAND], "SIGTERM"],
    ["npm in a shell", "sh", ["-c", "npm start; exit $?"], "SIGTERM"],
    ["alone", process.execPath, ["scripts/start.mjs"], "SIGTERM"],
  ])("%s", async (_name, command, args, signal) => {
    const port = await freePort();
    const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-stop-"));
    const own = { PATH: process.env.PATH, HOME: process.env.HOME, PLANES: process.env.PLANES };
    const env = { ...own, PORT: String(port), DATA_DIR: dataDir };
    const child = spawn(command, args, { cwd: root, env: { ...env, NODE_ENV: "production" }, stdio: "ignore" });
    const baseUrl = `http://127.0.0.1:${port}`;
    const status = (at: string) => fetch(`${baseUrl}${at}`).then((answer) => answer.status);
    await until("ready", async () => (await status("/api/readyz")) === 200, START_MS);
    const { keys } = JSON.parse(fs.readFileSync(path.join(dataDir, "demo.json"), "utf8"));
    const answer = await fetch(`${baseUrl}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${keys.enterprise}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: "sim-small",
        stream: true,
        max_tokens: 400,
        messages: [{ role: "user", content: "hello" }],
      }),
    });
    child.kill(signal);
    expect(await answer.text()).toContain("data: [DONE]");
    await until("the port to be closed", () =>
      status("/api/healthz").then(
        () => false,
        () => true,
      ),
    );
    await until(
      "the data folder to be free",
      () => !fs.existsSync(path.join(dataDir, "postgres", "cluster", "postmaster.pid")),
    );
    fs.rmSync(dataDir, { recursive: true, force: true });
  });
});
