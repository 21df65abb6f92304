import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@/db/embedded/postgres";
import { freePort, start } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

// A PostgreSQL that Spillway did not start and does not own.
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-own-db-"));
let postgres: EmbeddedPostgres;
beforeAll(async () => {
  postgres = await startEmbeddedPostgres(folder);
});
afterAll(async () => {
  await postgres.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

test("a database of one's own: an admin but no demo at the first start, the demo on request, one process at a time", async () => {
  const first = await Spillway.run({ DATABASE_URL: postgres.url });
  expect(fs.existsSync(path.join(first.dataDir, "demo.json"))).toBe(false);
  const admin = JSON.parse(fs.readFileSync(path.join(first.dataDir, "admin.json"), "utf8"));
  expect(admin).toMatchObject({ admin: { email: "admin@spillway.local" }, keys: {} });
  expect(fs.statSync(path.join(first.dataDir, "admin.json")).mode & 0o777).toBe(0o600);
  expect(fs.existsSync(path.join(first.dataDir, "postgres"))).toBe(false);

  const second = start([], {
    PORT: String(await freePort()),
    DATA_DIR: fs.mkdtempSync(path.join(os.tmpdir(), "spillway-second-")),
    DATABASE_URL: postgres.url,
  });
  expect(await second.exited).toBe(1);
  expect(second.output()).toContain("another Spillway process serves from this database");
  await first.kill("SIGTERM");

  const seed = start(["--seed-demo"], {
    PORT: String(await freePort()),
    DATA_DIR: first.dataDir,
    DATABASE_URL: postgres.url,
  });
  expect(await seed.exited).toBe(0);
  await first.restart();
  expect((await first.chat(first.demo.keys.standard)).status).toBe(200);
  await first.stop();
});
