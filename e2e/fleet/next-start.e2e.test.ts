import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, root, until } from "../fixtures/process";
import { codeOf, raw, statusOf } from "../fixtures/raw";

const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-next-"));
let child: ChildProcess;
let baseUrl = "";
let output = "";
let key = "";
let token = "";

beforeAll(async () => {
  const port = await freePort();
  baseUrl = `http://127.0.0.1:${port}`;
  child = spawn(process.execPath, ["node_modules/next/dist/bin/next", "start", "-H", "127.0.0.1", "-p", String(port)], {
    cwd: root,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: process.env.HOME ?? "",
      NODE_ENV: "production",
      DATA_DIR: dataDir,
      LOG_LEVEL: "info",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout?.on("data", (chunk) => (output += chunk));
  child.stderr?.on("data", (chunk) => (output += chunk));
  await until("ready", async () => (await fetch(`${baseUrl}/api/readyz`)).ok, 60_000);
  const demo = JSON.parse(fs.readFileSync(path.join(dataDir, "demo.json"), "utf8"));
  key = demo.keys.enterprise;
  token = demo.operatorToken;
});
afterAll(async () => {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await ended;
  clearTimeout(late);
  fs.rmSync(dataDir, { recursive: true, force: true });
});

const chat = (apiKey: string, more: object = {}, init: RequestInit = {}) =>
  fetch(`${baseUrl}/v1/chat/completions`, {
    method: "POST",
    ...init,
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "sim-small", max_tokens: 16, messages: [{ role: "user", content: "hi" }], ...more }),
  });

const get = (target: string, lines: readonly string[] = ["Host: localhost"]) =>
  raw(baseUrl, `GET ${target} HTTP/1.1\r\n${[...lines, "Connection: close"].join("\r\n")}\r\n\r\n`);

test("plain `next start` serves by the same door: calls, the guard, the metrics, the log, the pages' policy", async () => {
  expect((await chat(key)).status).toBe(200);
  expect([codeOf(await get("/v1/../api/admin/overview")), codeOf(await get("/v1//models"))]).toEqual([
    "not_found",
    "not_found",
  ]);
  expect(codeOf(await get("/v1/models", ["Host: evil.test"]))).toBe("unknown_host");
  expect(statusOf(await get("/api/metrics"))).toBe(401);
  const metrics = await fetch(`${baseUrl}/api/metrics`, { headers: { authorization: `Bearer ${token}` } });
  expect(metrics.status).toBe(200);
  const page = await fetch(`${baseUrl}/sign-in`);
  expect(page.headers.get("content-security-policy")).toContain("nonce-");
  expect(page.headers.get("x-frame-options")).toBe("DENY");
  await until("the access log", () => /"status":200,"ms":\d+/.test(output));
});

test("wrong keys of one address are turned away after a while; a good one is served", async () => {
  const wrong = await Promise.all(Array.from({ length: 70 }, () => chat("sw_live_wrong")));
  expect(new Set(wrong.map(({ status }) => status))).toEqual(new Set([401, 429]));
  expect((await chat(key)).status).toBe(200);
});

test("callers that leave end nothing: no exception, and the next call is served", async () => {
  const leave = async () => {
    const abort = new AbortController();
    const answer = await chat(key, { stream: true, max_tokens: 64 }, { signal: abort.signal });
    abort.abort();
    await answer.text().catch(() => undefined);
  };
  await Promise.all(Array.from({ length: 5 }, leave));
  expect((await chat(key)).status).toBe(200);
  expect(child.exitCode).toBeNull();
  expect(output).not.toMatch(/uncaughtException|unhandledRejection|Unhandled/);
});
