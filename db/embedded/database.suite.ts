import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { type OpenDatabase, openDatabase } from "@/db/client";
import { insertDemo } from "@/db/seed";
import { makeLog } from "@/lib/log";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./postgres";
import { fillPrepared } from "./prepared.suite";

/** A real PostgreSQL with the newest schema, for one test file. */
export type TestDatabase = {
  readonly postgres: EmbeddedPostgres;
  readonly opened: OpenDatabase;
  /** Removed by `close`; tests may keep their own files in it. */
  readonly folder: string;
  /** Stops the server and removes its files. */
  close(): Promise<void>;
};

/** Fills a folder with a server's files and the newest schema. */
async function migrated(folder: string): Promise<void> {
  const postgres = await startEmbeddedPostgres(folder);
  const opened = await openDatabase({ url: postgres.url, log: makeLog("silent") });
  await opened.close();
  await postgres.stop();
}

function schemaStamp(): string {
  const folder = path.resolve(import.meta.dirname, "../migrations");
  const files = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  const schema = createHash("sha256");
  for (const name of files) schema.update(name).update(fs.readFileSync(path.join(folder, name)));
  return schema.digest("hex").slice(0, 12);
}

/** Starts one. `demoAt`: also inserts the demo's tiers, tenants and keys as of this time, epoch ms. */
export async function startTestDatabase({ demoAt }: { readonly demoAt?: number } = {}): Promise<TestDatabase> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-database-"));
  await fillPrepared(folder, { name: `database-${schemaStamp()}`, make: migrated });
  const postgres = await startEmbeddedPostgres(folder);
  const opened = await openDatabase({ url: postgres.url, log: makeLog("silent") });
  if (demoAt !== undefined) {
    const key = (name: string) => ({ id: name.padEnd(12, "0"), hmac: "00", last4: "0000" });
    const keys = { free: key("free"), standard: key("std"), enterprise: key("ent"), loop: key("loop") };
    await insertDemo(opened.db, { now: new Date(demoAt), keys });
  }
  return {
    postgres,
    opened,
    folder,
    close: async () => {
      await opened.close();
      await postgres.stop();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}
