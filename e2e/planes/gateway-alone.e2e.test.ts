import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Fleet } from "../fixtures/fleet";
import { until } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

let fleet: Fleet;
let gateways: Spillway[];
beforeAll(async () => {
  fleet = await Fleet.run(1, {}, {});
  gateways = [];
  for (let index = 0; index < 2; index++) gateways.push(await Spillway.run({ ...fleet.env, PLANE: "gateway" }));
});
afterAll(async () => {
  await Promise.all(gateways.map((one) => one.stop()));
  await fleet.stop();
});

function consoleOf(): Spillway {
  const [first] = fleet.processes;
  if (first === undefined) throw new Error("a fleet has it");
  return first;
}
const TOKEN = () => fleet.env.OPERATOR_TOKEN ?? "";
const BRAKE = { scope: { tenant: "free" }, mode: "block", reason: "the console is gone", expiresInSeconds: 600 };

function ask(by: Spillway, method: string, path: string, more: { token?: string; body?: unknown } = {}) {
  return fetch(`${by.baseUrl}/api/admin/${path}`, {
    method,
    headers: {
      "content-type": "application/json",
      ...(more.token === undefined ? {} : { authorization: `Bearer ${more.token}` }),
    },
    ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
  });
}

test("with the console gone a process that serves calls alone takes a brake and lifts it, for every process", async () => {
  const { free } = consoleOf().demo.keys;
  await consoleOf().kill("SIGKILL");
  const [one, other] = gateways;
  if (one === undefined || other === undefined) throw new Error("there are two");
  expect([(await one.chat(free)).status, (await other.chat(free)).status]).toEqual([200, 200]);
  const set = await ask(one, "POST", "brakes", { token: TOKEN(), body: BRAKE });
  const { id } = await set.json();
  expect(set.status).toBe(201);
  expect([(await one.chat(free)).status, (await other.chat(free)).status]).toEqual([503, 503]);
  const { brakes } = await (await ask(other, "GET", "brakes", { token: TOKEN() })).json();
  expect(brakes[0]).toMatchObject({ id, active: true, createdBy: "operator-token" });
  const wrong = await ask(one, "POST", "brakes", { token: TOKEN(), body: { ...BRAKE, scope: { tenant: "nobody" } } });
  expect(wrong.status).toBe(400);
  expect((await ask(other, "DELETE", `brakes/${id}`, { token: TOKEN(), body: { reason: "over" } })).status).toBe(200);
  expect([(await one.chat(free)).status, (await other.chat(free)).status]).toEqual([200, 200]);
  await consoleOf().restart();
  const { rows } = await consoleOf().admin<{ rows: { action: string; actor: string }[] }>("GET", "audit");
  expect(rows.filter(({ action }) => action.startsWith("brakes.")).map(({ action, actor }) => [action, actor])).toEqual(
    [
      ["brakes.lift", "operator-token"],
      ["brakes.set", "operator-token"],
    ],
  );
  expect(await consoleOf().admin("GET", "audit/verify")).toMatchObject({ intact: true });
});

test("with the console and PostgreSQL gone a brake holds at every process, and is in the audit log when both are back", async () => {
  const brake = { ...BRAKE, scope: { tenant: "enterprise" } };
  const { enterprise } = consoleOf().demo.keys;
  const [one, other] = gateways;
  if (one === undefined || other === undefined) throw new Error("there are two");
  expect([(await one.chat(enterprise)).status, (await other.chat(enterprise)).status]).toEqual([200, 200]);
  await consoleOf().kill("SIGKILL");
  const postgres = fleet.hungPostgres;
  await postgres.hang();
  onTestFinished(() => postgres.goOn());
  const set = await ask(one, "POST", "brakes", { token: TOKEN(), body: brake });
  const { id } = await set.json();
  expect(set.status).toBe(201);
  expect((await one.chat(enterprise)).status).toBe(503);
  await until("the other to hold it", async () => (await other.chat(enterprise)).status === 503);
  const strangers = [ask(other, "POST", "brakes", { token: `${TOKEN()}x`, body: brake }), ask(other, "GET", "brakes")];
  expect((await Promise.all(strangers)).map(({ status }) => status)).toEqual([404, 404]);
  postgres.goOn();
  await consoleOf().restart();
  type Audit = { rows: { action: string; actor: string; target: string; after: { whileDatabaseAway?: boolean } }[] };
  const row = await until("its audit row", async () => {
    const { rows } = await consoleOf().admin<Audit>("GET", "audit");
    return rows.find(({ target, action }) => target === id && action === "brakes.set") ?? null;
  });
  expect([row.actor, row.after.whileDatabaseAway]).toEqual(["operator-token", true]);
  expect((await ask(other, "DELETE", `brakes/${id}`, { token: TOKEN(), body: { reason: "over" } })).status).toBe(200);
  await until("both to serve", async () => {
    const answers = await Promise.all([one.chat(enterprise), other.chat(enterprise)]);
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    return answers.every(({ status }) => status === 200) || Promise.reject(texts.join("\n"));
  });
  expect(await consoleOf().admin("GET", "audit/verify")).toMatchObject({ intact: true });
});

test("to everybody else, and at every other path, there is nothing", async () => {
  const [one] = gateways;
  if (one === undefined) throw new Error("there is one");
  const statuses = async (...asked: Promise<Response>[]) => (await Promise.all(asked)).map(({ status }) => status);
  expect(
    await statuses(
      ask(one, "POST", "brakes", { body: BRAKE }),
      ask(one, "POST", "brakes", { token: `${TOKEN()}x`, body: BRAKE }),
      ask(one, "POST", "brakes", { token: consoleOf().demo.keys.enterprise, body: BRAKE }),
      ask(one, "GET", "brakes"),
      ask(one, "GET", "overview", { token: TOKEN() }),
      ask(one, "POST", "staff/break-glass", { token: TOKEN(), body: {} }),
      ask(one, "GET", "brakes/x/y", { token: TOKEN() }),
    ),
  ).toEqual(Array(7).fill(404));
  const large = await ask(one, "POST", "brakes", { token: TOKEN(), body: { ...BRAKE, reason: "x".repeat(20_000) } });
  expect(large.status).toBe(413);
  expect((await one.chat(consoleOf().demo.keys.free)).status).toBe(200);
});
