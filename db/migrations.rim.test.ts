import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeLog } from "@/lib/log";
import { openDatabase } from "./client";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded/postgres";
import { migrateOn } from "./open/migrate";

/** Ledger rows that are migrated during reads and writes; MIGRATED_ROWS=10000000 is the long run (docs/scaling.md). */
const ROWS = Number(process.env.MIGRATED_ROWS ?? 100_000);
const LONG_RUN_MS = 3_600_000;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-migrations-"));
let postgres: EmbeddedPostgres;
beforeAll(async () => {
  postgres = await startEmbeddedPostgres(folder);
});
afterAll(async () => {
  await postgres.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** The migrations up to one, as in an installation of that version. */
function upTo(tag: string): string {
  const from = path.join(process.cwd(), "db", "migrations");
  const to = path.join(folder, "then");
  fs.cpSync(from, to, { recursive: true });
  const file = path.join(to, "meta", "_journal.json");
  const journal: { entries: { tag: string }[] } = JSON.parse(fs.readFileSync(file, "utf8"));
  const last = journal.entries.findIndex((entry) => entry.tag === tag);
  fs.writeFileSync(file, JSON.stringify({ ...journal, entries: journal.entries.slice(0, last + 1) }));
  return to;
}

test("an installation with calls in its ledger is brought up to date without losing one, and its sums are there", async () => {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await migrate(drizzle(client), { migrationsFolder: upTo("0004_key_rotation") });
  await client.query(`
    insert into ledger select 'req_' || lpad(to_hex(n * 7919), 32, '0'), 't' || n % 3, 'tier', 'key', 'fam', 'user' || n % 5,
      case when n % 2 = 0 then 'draft' end, 'chat', 'm', 'm' || n % 2, 'p', 1, true, 10, 20, n, 0, n % 7, 'provider', n % 100, 1, 1, 1,
      case when n % 10 = 0 then 'client_abort' else 'complete' end, 200, 5, 50, at, at + interval '1 second', 'i'
    from (select n, now() - n * interval '7 minutes' as at from generate_series(1, 500) n) x`);
  await client.query(
    "insert into audit (at, actor, role, address, action, target, previous_hash, hash) values (now(), 'a', 'admin', '', 'x.y', 't', '', 'the end')",
  );
  const before = await client.query(
    "select count(*)::int, sum(input_tokens)::int i, sum(cost_micro_usd)::int m from ledger",
  );

  const opened = await openDatabase({ url: postgres.url, log: makeLog("silent") });
  await opened.close();
  const after = await client.query(
    "select count(*)::int, sum(input_tokens)::int i, sum(cost_micro_usd)::int m from ledger",
  );
  expect(after.rows).toEqual(before.rows);
  for (const grain of ["minute", "hour", "key_hour", "day", "user"]) {
    const sums = await client.query(
      "select sum(calls)::int as count, sum(input_tokens)::int i, sum(cost_micro_usd)::int m from usage where grain = $1",
      [grain],
    );
    expect(sums.rows, grain).toEqual(before.rows);
  }
  const broken = await client.query("select sum(broken)::int n from usage where grain = 'day'");
  expect(broken.rows).toEqual([{ n: 50 }]);
  const head = await client.query("select value from settings where name = 'audit_head'");
  expect(head.rows).toEqual([{ value: "the end" }]);
  const { rows } = await client.query("select limit_mode, client_address from ledger limit 1");
  expect(rows).toEqual([{ limit_mode: "shared", client_address: "" }]);
  await client.end();
});

test("strict rows become sliding windows, and what tiers say of one shared counter becomes one row, the smallest", async () => {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query("create database shared");
  await client.end();
  const url = new URL(postgres.url);
  url.pathname = "/shared";
  const own = new pg.Client({ connectionString: url.href });
  await own.connect();
  await migrate(drizzle(own), { migrationsFolder: upTo("0014_learned") });
  await own.query("insert into tiers (id, slug, name) values ('a', 'a', 'A'), ('b', 'b', 'B')");
  await own.query(`
    insert into limits (id, tier_id, name, layer, dimension, algorithm, capacity, window_seconds, strict, observe) values
      ('s', 'a', 'strict', 'tenant', 'requests', 'token_bucket', 9, 60, true, false),
      ('ga', 'a', 'all', 'global', 'requests', 'token_bucket', 500, 60, false, false),
      ('gb', 'b', 'all', 'global', 'requests', 'token_bucket', 300, 60, false, false),
      ('ob', 'b', 'watch', 'global', 'requests', 'token_bucket', 1, 60, false, true),
      ('ha', 'a', 'hour', 'provider', 'requests', 'token_bucket', 7, 3600, false, false),
      ('hb', 'b', 'hour', 'provider', 'requests', 'fixed_window', 8, 3600, false, false)`);
  const opened = await openDatabase({ url: url.href, log: makeLog("silent") });
  await opened.close();
  const { rows } = await own.query("select id, tier_id, name, algorithm, capacity::int from limits order by id");
  expect(rows).toEqual([
    { id: "gb", tier_id: null, name: "all", algorithm: "token_bucket", capacity: 300 },
    { id: "ha", tier_id: null, name: "hour", algorithm: "token_bucket", capacity: 7 },
    { id: "hb", tier_id: null, name: "hour-2", algorithm: "fixed_window", capacity: 8 },
    { id: "ob", tier_id: null, name: "watch", algorithm: "token_bucket", capacity: 1 },
    { id: "s", tier_id: "a", name: "strict", algorithm: "sliding_window", capacity: 9 },
  ]);
  await own.end();
});

test("nobody who reads waits for a migration of the ledger, rows are written meanwhile, and none has a time limit", {
  timeout: LONG_RUN_MS,
}, async () => {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query("create database busy");
  await client.end();
  const url = new URL(postgres.url);
  url.pathname = "/busy";
  const connect = async () => {
    const one = new pg.Client({ connectionString: url.href });
    await one.connect();
    return one;
  };
  const [own, reader, writer] = [await connect(), await connect(), await connect()];
  await migrate(drizzle(own), { migrationsFolder: upTo("0004_key_rotation") });
  await own.query(`
    insert into ledger select 'req_' || lpad(to_hex(n), 32, '0'), 't' || n % 3, 'tier', 'key', 'fam', 'user' || n % 5,
      null, 'chat', 'm', 'm' || n % 2, 'p', 1, true, 10, 20, n, 0, n % 7, 'provider', n % 100, 1, 1, 1, 'complete', 200, 5, 50, at, at, 'i'
    from (select n, now() - n * interval '1 second' as at from generate_series(1, ${ROWS}) n) x`);
  let isOver = false;
  /** Queries in a loop; the longest answer, ms, and the number of answers. */
  const asking = async (work: (count: number) => Promise<unknown>) => {
    let longestMs = 0;
    let count = 0;
    for (; !isOver; count++) {
      const began = performance.now();
      await work(count);
      longestMs = Math.max(longestMs, performance.now() - began);
    }
    return { longestMs, count };
  };
  const reading = asking(() => reader.query("select request_id from ledger limit 1"));
  // Writes like a process of the older release: only the columns that it knows.
  const writing = asking((count) =>
    writer.query(`
      insert into ledger (request_id, tenant_id, tier_id, key_id, key_family_id, user_digest, endpoint, asked_model, served_model,
        provider_id, policy_version, stream, estimated_input_tokens, reserved_output_tokens, input_tokens, cached_input_tokens,
        output_tokens, usage_source, cost_micro_usd, input_price, cached_input_price, output_price, ending, total_ms, admitted_at,
        ended_at, instance_id)
      values ('req_meanwhile_${count}', 't', 'tier', 'key', 'fam', 'u', 'chat', 'm', 'm', 'p', 1, false, 1, 1, 1, 0, 1, 'provider', 1,
        1, 1, 1, 'complete', 5, now(), now(), 'i')`),
  );
  const began = performance.now();
  let limit: unknown = null;
  await migrateOn(own, async () => {
    limit = (await own.query("show statement_timeout")).rows;
  });
  const tookMs = performance.now() - began;
  isOver = true;
  const [read, written] = [await reading, await writing];
  process.stdout.write(
    `${ROWS} ledger rows migrated in ${(tookMs / 1000).toFixed(1)} s; meanwhile the longest read took ${read.longestMs.toFixed(0)} ms, the longest write ${written.longestMs.toFixed(0)} ms, ${written.count} rows written\n`,
  );
  expect(limit).toEqual([{ statement_timeout: "0" }]);
  // If one transaction held the lock throughout, as before, a reader would wait for nearly all of that time.
  expect(read.longestMs).toBeLessThan(tookMs / 2);
  expect(written.count).toBeGreaterThan(0);
  expect((await own.query("select count(*)::int as n from ledger")).rows).toEqual([{ n: ROWS + written.count }]);
  await Promise.all([own.end(), reader.end(), writer.end()]);
});

test("a migration gives way to a reader that holds the ledger: others read meanwhile, and it goes on when the reader lets go", async () => {
  const own = new pg.Client({ connectionString: postgres.url });
  await own.connect();
  await own.query("create database held");
  const url = new URL(postgres.url);
  url.pathname = "/held";
  const clients = [0, 1, 2].map(() => new pg.Client({ connectionString: url.href }));
  const [migrator, holder, reader] = clients;
  if (migrator === undefined || holder === undefined || reader === undefined) throw new Error("three of them");
  await Promise.all(clients.map((client) => client.connect()));
  await migrate(drizzle(migrator), { migrationsFolder: upTo("0004_key_rotation") });
  await holder.query("begin");
  await holder.query("select * from ledger");
  let isOver = false;
  const migrated = migrateOn(migrator, async () => undefined).then(() => {
    isOver = true;
  });
  const waits = `select 1 from pg_stat_activity where datname = 'held' and wait_event_type = 'Lock'`;
  while ((await own.query(waits)).rows.length === 0) await new Promise((resolve) => setImmediate(resolve));
  // Queued behind the waiting migration; answered although the holder has not released the lock.
  await reader.query("select * from ledger");
  expect(isOver).toBe(false);
  await holder.query("commit");
  await migrated;
  expect((await reader.query("select tags from ledger")).rows).toEqual([]);
  await Promise.all([...clients, own].map((client) => client.end()));
});
