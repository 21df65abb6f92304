import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { OpenDatabase } from "@/db/client";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { auditAfter, readAuditMark } from "@/db/queries/operators/audit";
import { DAY_MS } from "@/lib/clock";
import { makeLog } from "@/lib/log";
import { AuditLog } from "./audit-log";
import { auditHash } from "./chain";
import { Signer } from "./mark";

const CHAIN_KEY = "the key of the chain";
const SECRET = "the key of the signatures";
const log = makeLog("silent");
let database: TestDatabase;
let opened: OpenDatabase;
/** A connection of the table owner: an attacker with full rights in the database. */
let thief: pg.Client;
let now = Date.now();
let made = 0;
let audit: AuditLog;

beforeAll(async () => {
  database = await startTestDatabase();
  opened = database.opened;
  thief = new pg.Client({ connectionString: database.postgres.url });
  await thief.connect();
  await thief.query("alter table audit disable trigger all");
});
afterAll(async () => {
  await thief.end();
  await database.close();
});
beforeEach(async () => {
  await thief.query("truncate audit restart identity");
  await thief.query("delete from settings where name like 'audit_%'");
  now = Date.now();
  audit = process_();
});

/** Another process, with its own data folder by default. */
function process_(home = path.join(database.folder, `p${++made}`), signer = new Signer(SECRET)): AuditLog {
  return new AuditLog({ chainKey: CHAIN_KEY, signer, folder: home, clock: { now: () => now }, log });
}

const entry = (target: string) => ({
  actor: "ann",
  role: "admin",
  address: "::1",
  action: "x.y",
  target,
  before: { b: 1, a: [{ d: 1, c: null }] },
  after: null,
  reason: null,
});

async function written(rows: number): Promise<void> {
  for (let at = 0; at < rows; at++) await audit.record(opened.db, entry(`t${at}`));
}

async function faults(by = audit): Promise<string[]> {
  return (await by.verify(opened.db)).faults.map(({ kind, seq }) => `${kind} ${seq}`);
}

/** Rewrites every row from one on, with matching hashes: only possible with the chain's key. */
async function rehash(change: (row: Record<string, unknown>) => void, from = 1): Promise<string> {
  const rows = await auditAfter(opened.db, { after: 0, limit: 1000 });
  let previousHash = rows.find((row) => row.seq === from - 1)?.hash ?? "";
  for (const row of rows.filter(({ seq }) => seq >= from)) {
    const changed = { ...row, previousHash };
    change(changed);
    const hash = auditHash(CHAIN_KEY, changed);
    await thief.query("update audit set actor = $2, previous_hash = $3, hash = $4 where seq = $1", [
      ...[row.seq, changed.actor, previousHash, hash],
    ]);
    previousHash = hash;
  }
  return previousHash;
}

async function forge(target: string): Promise<string> {
  const last = (await auditAfter(opened.db, { after: 0, limit: 1000 })).at(-1);
  const row = { at: new Date(now), ...entry(target), previousHash: last?.hash ?? "" };
  const hash = auditHash(CHAIN_KEY, row);
  await thief.query(
    "insert into audit (at, actor, role, address, action, target, before, after, reason, previous_hash, hash) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)",
    [
      row.at,
      row.actor,
      row.role,
      row.address,
      row.action,
      row.target,
      row.before,
      row.after,
      null,
      row.previousHash,
      hash,
    ],
  );
  return hash;
}

const setHead = (value: string) => thief.query("update settings set value = $1 where name = 'audit_head'", [value]);

test("a log of many pages is intact, and what verifies it reads page by page", async () => {
  await written(3);
  expect(await faults()).toEqual([]);
  const report = await audit.verify(opened.db);
  expect(report).toMatchObject({ rows: 3, first: 1, last: 3, anchors: { count: 3, unreadable: 0 } });
  expect(report.head?.seq).toBe(3);
});

test("an empty log is intact", async () => {
  await audit.begin(opened.db);
  expect(await audit.verify(opened.db)).toMatchObject({ faults: [], rows: 0, first: null, last: null, head: null });
});

describe("changes made in the database are found", () => {
  beforeEach(() => written(6));

  test("the newest rows removed, with the earlier head restored", async () => {
    const head = await readAuditMark(opened.db, "head");
    await audit.record(opened.db, entry("to be hidden"));
    await audit.record(opened.db, entry("this too"));
    await thief.query("delete from audit where seq > 6");
    await setHead(head ?? "");
    expect(await faults()).toEqual(["removed 7"]);
    const [fault] = (await audit.verify(opened.db)).faults;
    expect(fault?.text).toContain("Rows up to 8 were there on");
    await audit.follow(opened.db);
    expect(audit.fault).toContain("row 8");
  });

  test("the newest rows removed, the head left as it is", async () => {
    await thief.query("delete from audit where seq > 4");
    expect(await faults()).toEqual(["removed 5", "removed 5"]);
    // The next change is appended, and hides nothing.
    await audit.record(opened.db, entry("later"));
    expect(await faults()).toEqual(["removed 5"]);
    expect(audit.fault).not.toBeNull();
  });

  test("every row rewritten with hashes that fit, and a head that fits but is not signed", async () => {
    const hash = await rehash((row) => {
      row.actor = "eve";
    });
    await setHead(hash);
    expect(await faults()).toEqual(["rewritten 1", "head_not_ours 6"]);
  });

  test("rows rewritten from one row on, with the keys and the database but without the anchors", async () => {
    const hash = await rehash((row) => {
      row.actor = "eve";
    }, 4);
    const head = new Signer(SECRET).sign({ kind: "head", seq: 6, hash, atMs: now });
    await setHead(JSON.stringify(head));
    expect(await faults()).toEqual(["rewritten 4"]);
    expect(await faults(process_())).toEqual([]);
  });

  test("a forged row appended, with a hash that fits", async () => {
    await forge("forged");
    expect(await faults()).toEqual(["appended 7"]);
    await audit.follow(opened.db);
    expect(audit.fault).not.toBeNull();
  });

  test("a forged row appended, with a hash that does not fit, also once the log has gone on", async () => {
    await forge("forged");
    await thief.query("update audit set hash = 'x' where seq = 7");
    expect(await faults()).toEqual(["changed 7", "appended 7"]);
    await audit.record(opened.db, entry("later"));
    expect(await faults()).toEqual(["changed 7"]);
  });

  test("every row removed", async () => {
    await thief.query("truncate audit");
    await thief.query("delete from settings where name = 'audit_head'");
    expect(await faults()).toEqual(["removed 1"]);
    // Neither a new start nor new rows with the same numbers hide it.
    await thief.query("select setval('audit_seq_seq', 1, false)");
    const again = process_(path.dirname(audit.anchors.file));
    await again.begin(opened.db);
    for (let at = 0; at < 7; at++) await again.record(opened.db, entry(`another ${at}`));
    expect(await faults(again)).toEqual(["rewritten 1"]);
  });

  test("the head removed, and a start that would sign what is there", async () => {
    await forge("forged");
    await thief.query("delete from settings where name = 'audit_head'");
    expect(await faults()).toEqual(["head_missing 7"]);
    const again = process_(path.dirname(audit.anchors.file));
    await again.begin(opened.db);
    expect(await faults(again)).toEqual(["head_missing 7"]);
  });

  test("a head that another key has signed", async () => {
    const head = new Signer("of the thief").sign({ kind: "head", seq: 6, hash: "x", atMs: now });
    await setHead(JSON.stringify(head));
    expect(await faults()).toEqual(["head_not_ours 6"]);
  });

  test("a row changed, removed or exchanged: the first row that it concerns", async () => {
    await thief.query("update audit set reason = 'nothing to see' where seq = 3");
    expect(await faults()).toEqual(["changed 3"]);
    await thief.query("delete from audit where seq = 3");
    expect(await faults()).toEqual(["removed 3", "gap 4"]);
  });

  test.each([
    ...["actor = 'eve'", "role = 'viewer'", "address = 'x'", "action = 'nothing'", "target = 'elsewhere'"],
    ...["before = '{\"a\":1}'", "after = '{\"a\":1}'", "reason = 'x'", "at = at + interval '1 second'"],
    ...["previous_hash = 'x'", "hash = 'x'"],
  ])("%s of the first, a middle and the last row", async (change) => {
    for (const seq of [1, 3, 6]) {
      await thief.query("begin");
      await thief.query(`create temp table kept on commit drop as select * from audit where seq = ${seq}`);
      await thief.query("commit");
      const { rows } = await thief.query("select * from audit where seq = $1", [seq]);
      await thief.query(`update audit set ${change} where seq = $1`, [seq]);
      expect((await audit.verify(opened.db)).faults[0]?.seq).toBe(seq);
      const [row] = rows;
      await thief.query(
        "update audit set at=$2, actor=$3, role=$4, address=$5, action=$6, target=$7, before=$8, after=$9, reason=$10, previous_hash=$11, hash=$12 where seq=$1",
        [
          seq,
          row.at,
          row.actor,
          row.role,
          row.address,
          row.action,
          row.target,
          row.before,
          row.after,
          row.reason,
          row.previous_hash,
          row.hash,
        ],
      );
      expect(await faults()).toEqual([]);
    }
  });
});

test("a log of before signatures gets one for what is there, once; later rows go on from it", async () => {
  await written(3);
  const last = (await auditAfter(opened.db, { after: 0, limit: 10 })).at(-1);
  await setHead(last?.hash ?? "");
  const upgraded = process_();
  await upgraded.begin(opened.db);
  const report = await upgraded.verify(opened.db);
  expect(report).toMatchObject({ faults: [], head: { seq: 3 }, anchors: { count: 1, newest: { seq: 3 } } });
  await upgraded.record(opened.db, entry("more"));
  expect(await faults(upgraded)).toEqual([]);
});

test("each process anchors what the others append, and a key of before stays known", async () => {
  await written(2);
  const other = process_(undefined, new Signer("another secret", [SECRET]));
  await other.follow(opened.db);
  expect(other.anchors.newest()?.seq).toBe(2);
  await other.record(opened.db, entry("by the other"));
  expect(await faults(other)).toEqual([]);
  expect(await faults(audit)).toEqual(["head_not_ours 3"]);
});

test("a transaction that is rolled back leaves neither a row nor an anchor", async () => {
  await written(1);
  await opened.db
    .transaction(async (tx) => {
      await audit.append(tx, entry("undone"));
      throw new Error("no");
    })
    .catch(() => undefined);
  expect(audit.anchors.newest()?.seq).toBe(1);
  await written(1);
  expect(await faults()).toEqual([]);
});

describe("old rows are cut off", () => {
  test("the log stays intact, and says where it begins and that it was cut", async () => {
    await thief.query("alter table audit enable always trigger audit_append_only");
    now -= 100 * DAY_MS;
    await written(4);
    now += 100 * DAY_MS;
    await written(2);
    expect(await audit.cut(opened.db, new Date(now - 40 * DAY_MS))).toBe(4);
    expect(await audit.verify(opened.db)).toMatchObject({ faults: [], rows: 3, first: 5, last: 7, cut: { seq: 4 } });
    const [newest] = (await auditAfter(opened.db, { after: 6, limit: 1 })) ?? [];
    expect(newest).toMatchObject({ actor: "clock", action: "audit.cut", target: "row 4", after: { rows: 4 } });
    expect(await audit.cut(opened.db, new Date(now - 40 * DAY_MS))).toBe(0);
    await thief.query("alter table audit disable trigger all");
  });

  test("rows that a thief removes as retention does are reported", async () => {
    now -= 100 * DAY_MS;
    await written(4);
    now += 100 * DAY_MS;
    await written(2);
    await thief.query("select cut_audit(3)");
    expect(await faults()).toEqual(["removed 1", "gap 4"]);
    const forged = new Signer("of the thief").sign({ kind: "cut", seq: 3, hash: "x", atMs: now });
    await thief.query("insert into settings values ('audit_cut', $1)", [JSON.stringify(forged)]);
    expect(await faults()).toEqual(["removed 1", "gap 4", "cut_not_ours 4"]);
  });

  test("a log that is not intact is left as it is", async () => {
    now -= 100 * DAY_MS;
    await written(4);
    now += 100 * DAY_MS;
    await written(1);
    await thief.query("update audit set actor = 'eve' where seq = 2");
    await expect(audit.cut(opened.db, new Date(now - 40 * DAY_MS))).rejects.toThrow("row 2");
    expect((await audit.verify(opened.db)).rows).toBe(5);
  });
});

test("verification of many rows reads them in pages, and keeps none", async () => {
  await written(1);
  const [first] = await auditAfter(opened.db, { after: 0, limit: 1 });
  let previousHash = first?.hash ?? "";
  const values: unknown[][] = [];
  for (let at = 0; at < 1700; at++) {
    const row = { at: new Date(now), ...entry("t"), before: null, previousHash };
    previousHash = auditHash(CHAIN_KEY, row);
    values.push([row.previousHash, previousHash]);
  }
  await thief.query(
    "insert into audit (at, actor, role, address, action, target, previous_hash, hash) select $3, 'ann', 'admin', '::1', 'x.y', 't', * from unnest($1::text[], $2::text[])",
    [values.map(([one]) => one), values.map(([, one]) => one), new Date(now)],
  );
  const head = new Signer(SECRET).sign({ kind: "head", seq: 1701, hash: previousHash, atMs: now });
  await setHead(JSON.stringify(head));
  expect(await audit.verify(opened.db)).toMatchObject({ faults: [], rows: 1701, last: 1701 });
});
