import fs from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
beforeAll(async () => {
  spillway = await Spillway.run({ DRAIN_SECONDS: "1" });
});
afterAll(() => spillway.stop());

const ANSWERED_MS = 15_000;
/** Processes that a test has stopped; none stays so. */
const stopped = new Set<number>();

/** The server's process and all of its children, as its pid file and /proc tell. */
function postgresPids(): number[] {
  const file = path.join(spillway.dataDir, "postgres", "cluster", "postmaster.pid");
  const server = Number(fs.readFileSync(file, "utf8").split("\n")[0]);
  const parentOf = (pid: string) => {
    try {
      return Number(/^PPid:\s*(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
    } catch {
      // It has ended meanwhile.
      return 0;
    }
  };
  const children = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name) && parentOf(name) === server);
  return [server, ...children.map(Number)];
}

afterEach(() => {
  for (const pid of stopped) if (fs.existsSync(`/proc/${pid}`)) process.kill(pid, "SIGCONT");
  stopped.clear();
});

const signalAll = (pids: readonly number[], signal: NodeJS.Signals) => {
  for (const pid of pids) process.kill(pid, signal);
};

/** Stops the server and whatever it still starts meanwhile. */
async function hangPostgres(): Promise<number[]> {
  await until("every process of it to be stopped", () => {
    const more = postgresPids().filter((pid) => !stopped.has(pid));
    signalAll(more, "SIGSTOP");
    for (const pid of more) stopped.add(pid);
    return more.length === 0;
  });
  return [...stopped];
}

const figure = async (name: string) => {
  const headers = { authorization: `Bearer ${spillway.demo.operatorToken}` };
  const text = await (await fetch(`${spillway.baseUrl}/api/metrics`, { headers })).text();
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
};
const readiness = async () => {
  const answer = await fetch(`${spillway.baseUrl}/api/readyz`);
  return { status: answer.status, text: await answer.text() };
};

test("kill -9 of the embedded PostgreSQL: calls go on, it is started again, and new keys and brakes work", async () => {
  const key = spillway.demo.keys.enterprise;
  expect((await spillway.chat(key)).status).toBe(200);
  signalAll(postgresPids().slice(0, 1), "SIGKILL");
  expect((await spillway.chat(key)).status).toBe(200);
  await until("it to be started again", async () => (await figure("spillway_postgres_restarts")) === 1);
  await until("a key that was not known here to be served", async () => {
    return (await spillway.chat(spillway.demo.keys.standard)).status === 200;
  });
  const scope = { tenant: "free" };
  const brake = { scope, mode: "block", reason: "after the restart", expiresInSeconds: 60 };
  await until("a brake to be taken", () => spillway.admin("POST", "brakes", brake));
  expect((await spillway.chat(spillway.demo.keys.free)).status).toBe(503);
  await until("every row", async () => (await spillway.ledger("enterprise")).rows.length === 2);
});

test("PostgreSQL hangs: known keys are served, others refused in time, and it stays ready and says what it lacks", async () => {
  const { enterprise, loop } = spillway.demo.keys;
  expect((await spillway.chat(enterprise)).status).toBe(200);
  const pids = await hangPostgres();
  const inTime = () => ({ signal: AbortSignal.timeout(ANSWERED_MS) });
  expect((await spillway.chat(enterprise, {}, inTime())).status).toBe(200);
  const other = await spillway.chat(loop, {}, inTime());
  expect([other.status, (await other.json()).error.code]).toEqual([503, "auth_unavailable"]);
  await until("it to be said", async () => (await figure("spillway_database_away")) === 1);
  expect(await readiness()).toMatchObject({
    status: 200,
    text: expect.stringMatching(/^ready\ndegraded: the database/),
  });
  signalAll(pids, "SIGCONT");
  await until("it to answer", async () => (await readiness()).text === "ready\n");
  await until("every row", async () => (await spillway.ledger("enterprise")).rows.length === 4);
});

test.each([1, 2])(
  "PostgreSQL hangs and %i SIGTERM comes: the process leaves, and the next one books every call",
  async (signals) => {
    const rowsBefore = (await spillway.ledger("enterprise")).rows.length;
    expect((await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(200);
    const before = await until("its row", async () => {
      const { length } = (await spillway.ledger("enterprise")).rows;
      return length > rowsBefore && length;
    });
    const pids = await hangPostgres();
    expect((await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(200);
    for (let sent = 1; sent < signals; sent++) spillway.process.child.kill("SIGTERM");
    const left = spillway.kill("SIGTERM");
    expect(await Promise.race([left, new Promise((resolve) => setTimeout(resolve, ANSWERED_MS, "still there"))])).toBe(
      0,
    );
    signalAll(
      pids.filter((pid) => fs.existsSync(`/proc/${pid}`)),
      "SIGCONT",
    );
    await spillway.restart();
    await until("every row", async () => (await spillway.ledger("enterprise")).rows.length === before + 1);
  },
);
