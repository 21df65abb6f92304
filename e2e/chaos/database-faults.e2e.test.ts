import fs from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { HungPostgres } from "../fixtures/hung-postgres";
import { until } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let postgres: HungPostgres;
beforeAll(async () => {
  spillway = await Spillway.run({ DRAIN_SECONDS: "1" });
  postgres = new HungPostgres(spillway.dataDir);
});
afterAll(() => spillway.stop());

const ANSWERED_MS = 15_000;
/** How much longer the database is away, with a call each second. */
const OUTAGE_SECONDS = Number(process.env.OUTAGE_SECONDS ?? 0);
afterEach(() => postgres.goOn());

const figure = async (name: string) => {
  const headers = { authorization: `Bearer ${spillway.demo.operatorToken}` };
  const text = await (await fetch(`${spillway.baseUrl}/api/metrics`, { headers })).text();
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
};
/** Its status, and what was wrong. */
const answerOf = async (key: string) => {
  const answer = await spillway.chat(key);
  return answer.ok ? String(answer.status) : `${answer.status} ${await answer.text()}`;
};
const readiness = async () => {
  const answer = await fetch(`${spillway.baseUrl}/api/readyz`);
  return { status: answer.status, text: await answer.text() };
};

test("kill -9 of the embedded PostgreSQL: calls go on, it is started again, and new keys and brakes work", async () => {
  const key = spillway.demo.keys.enterprise;
  expect((await spillway.chat(key)).status).toBe(200);
  process.kill(postgres.pids()[0] ?? 0, "SIGKILL");
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

test(
  "PostgreSQL hangs: known keys are served, others refused in time, and it stays ready and says what it lacks",
  async () => {
    const { enterprise, loop } = spillway.demo.keys;
    expect((await spillway.chat(enterprise)).status).toBe(200);
    await postgres.hang();
    const inTime = () => ({ signal: AbortSignal.timeout(ANSWERED_MS) });
    expect((await spillway.chat(enterprise, {}, inTime())).status).toBe(200);
    const other = await spillway.chat(loop, {}, inTime());
    expect([other.status, (await other.json()).error.code]).toEqual([503, "auth_unavailable"]);
    await until("it to be said", async () => (await figure("spillway_database_away")) === 1);
    expect(await readiness()).toMatchObject({
      status: 200,
      text: expect.stringMatching(/^ready\ndegraded: the database/),
    });
    const brake = { scope: { tenant: "enterprise" }, mode: "block", reason: "while it hangs", expiresInSeconds: 600 };
    const { id } = await spillway.admin<{ id: string }>("POST", "brakes", brake);
    expect((await spillway.chat(enterprise, {}, inTime())).status).toBe(503);
    await spillway.admin("DELETE", `brakes/${id}`, { reason: "over" });
    for (let second = 0; second < OUTAGE_SECONDS; second++) {
      expect(await answerOf(enterprise)).toBe("200");
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    process.stdout.write(
      `the database was away: ${OUTAGE_SECONDS} calls of a known key in as many seconds were served\n`,
    );
    postgres.goOn();
    await until("it to answer", async () => (await readiness()).text === "ready\n");
    await until("every row", async () => (await spillway.ledger("enterprise")).rows.length === 4 + OUTAGE_SECONDS);
    await until("the brake and its lift to be booked", () => fs.readdirSync(`${spillway.dataDir}/brakes`).length === 0);
    // An operator's change is answered once it is in force everywhere, and so are all before it.
    const seen = { ...brake, mode: "observe", reason: "the last change" };
    const last = await spillway.admin<{ id: string }>("POST", "brakes", seen);
    await spillway.admin("DELETE", `brakes/${last.id}`, { reason: "over" });
  },
  180_000 + OUTAGE_SECONDS * 1000,
);

test.each([1, 2])(
  "PostgreSQL hangs and %i SIGTERM comes: the process leaves, and the next one books every call",
  async (signals) => {
    const rowsBefore = (await spillway.ledger("enterprise")).rows.length;
    expect(await answerOf(spillway.demo.keys.enterprise)).toBe("200");
    const before = await until("its row", async () => {
      const { length } = (await spillway.ledger("enterprise")).rows;
      return length > rowsBefore && length;
    });
    await postgres.hang();
    expect(await answerOf(spillway.demo.keys.enterprise)).toBe("200");
    for (let sent = 1; sent < signals; sent++) spillway.process.child.kill("SIGTERM");
    const left = spillway.kill("SIGTERM");
    expect(await Promise.race([left, new Promise((resolve) => setTimeout(resolve, ANSWERED_MS, "still there"))])).toBe(
      0,
    );
    postgres.goOn();
    await spillway.restart();
    await until("every row", async () => (await spillway.ledger("enterprise")).rows.length === before + 1);
  },
);
