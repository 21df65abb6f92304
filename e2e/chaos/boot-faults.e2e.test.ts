import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort, start } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

let running: Spillway;
beforeAll(async () => {
  running = await Spillway.run();
});
afterAll(() => running.stop());

const fresh = () => fs.mkdtempSync(path.join(os.tmpdir(), "spillway-fault-"));

/** Starts with the given settings, waits for the end, and returns what a person would read. */
async function fail(env: Readonly<Record<string, string>>): Promise<{ code: number | null; lines: string[] }> {
  const started = start([], { PORT: String(await freePort()), DATA_DIR: fresh(), ...env });
  const code = await started.exited;
  const [, told = ""] = started.output().split("Spillway could not start.");
  return {
    code,
    lines: told
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean),
  };
}

describe("a fault that keeps the server from starting is one clear line and exit code 1", () => {
  test("a port in use", async () => {
    const holder = http.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    const address = holder.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    expect(await fail({ PORT: String(port) })).toEqual({
      code: 1,
      lines: [`PORT: ${port} is in use on 127.0.0.1; set another PORT`],
    });
    holder.close();
  });

  test("a DATA_DIR that cannot be written", async () => {
    const file = path.join(fresh(), "file");
    fs.writeFileSync(file, "");
    expect(await fail({ DATA_DIR: path.join(file, "data") })).toEqual({
      code: 1,
      lines: [`DATA_DIR: ${file}/data cannot be written (ENOTDIR)`],
    });
  });

  test("a second process on the same DATA_DIR", async () => {
    const { code, lines } = await fail({ DATA_DIR: running.dataDir });
    expect({ code, lines }).toEqual({
      code: 1,
      lines: [
        `DATA_DIR: ${running.dataDir} is in use by another Spillway process; the in-process store serves one process only`,
      ],
    });
    expect((await fetch(`${running.baseUrl}/api/readyz`)).status).toBe(200);
  });

  test.each([
    [
      "nothing listens there",
      "postgres://u:secret@127.0.0.1:9/db",
      "DATABASE_URL: nothing listens there (127.0.0.1:9/db)",
    ],
    ["not a URL of PostgreSQL", "mysql://x", "DATABASE_URL: must begin with postgres:// or postgresql://"],
  ])("a broken DATABASE_URL: %s", async (_name, url, line) => {
    const { code, lines } = await fail({ DATABASE_URL: url });
    expect({ code, lines }).toEqual({ code: 1, lines: [line] });
  });

  test("wrong settings, a line each", async () => {
    const { code, lines } = await fail({ PORT: "http", TRUSTED_HOPS: "-1", KEY_PEPPER: "short" });
    expect(code).toBe(1);
    expect(lines.map((line) => line.split(":")[0])).toEqual(["PORT", "TRUSTED_HOPS", "KEY_PEPPER"]);
  });

  test.each([
    [{ REDIS_URL: "redis://127.0.0.1:9" }, "REDIS_URL: no Redis answers there"],
    [{ REDIS_URL: "http://127.0.0.1" }, "REDIS_URL: must begin with redis://"],
    [{ UPSTASH_REDIS_REST_URL: "https://x.upstash.io" }, "belong together"],
    [
      { UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9", UPSTASH_REDIS_REST_TOKEN: "t" },
      "UPSTASH_REDIS_REST_URL: no answer",
    ],
  ])("a shared store that cannot be used: %j", async (env, line) => {
    const { code, lines } = await fail(env);
    expect(code).toBe(1);
    expect(lines[0]).toContain(line);
  });
});
