import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type OpenDatabase, openDatabase } from "@/db/client";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { auditAfter } from "@/db/queries/operators/audit";
import { systemClock } from "@/lib/clock";
import { makeLog } from "@/lib/log";
import { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import { authDoor } from "../access/auth-door";
import { breakGlass } from "../access/break-glass";
import { testConsole } from "../access/console.suite";
import type { Route } from "../api/route";
import { ADMIN_ROUTES } from "../api/table";
import { exportLimits } from "../limits/limits-file";
import { listInstances } from "../money/usage";
import { getTier } from "../tiers/tiers";
import { ADDRESS_HEADER } from "./address-header";
import { type Actor, BasedOn, type ConsoleContext, setCurrentConsole } from "./context";
import { answerWith, sessionActor } from "./door";

const ACTOR: Actor = { name: "ann@example.test", role: "admin", tenants: null, address: "127.0.0.1", session: null };
/** Tries are counted by a clock that stands: no window ends within a test. */
const STARTED_MS = Date.now();
let database: TestDatabase;
let opened: OpenDatabase;
let context: ConsoleContext;

beforeAll(async () => {
  database = await startTestDatabase({ demoAt: Date.now() });
  opened = database.opened;
  context = await testConsole(database, { startedMs: STARTED_MS });
});
afterAll(async () => {
  await database.close();
});

const request = (input: Record<string, unknown>, params = {}) => {
  const connection = { headers: new Headers(), signal: new AbortController().signal };
  return { context, actor: ACTOR, params, input, ...connection };
};
/** A verb as the door does it: its input is parsed by its route. */
const operation = (method: Route["method"], path: string) => {
  const found = ADMIN_ROUTES.find((one) => one.method === method && one.path === path);
  if (found === undefined) throw new Error(`there is no ${method} ${path}`);
  return found.answer;
};
const setBrake = operation("post", "/brakes");
const putTier = operation("put", "/tiers/{slug}");
const confirm = operation("post", "/confirm");
const putProvider = operation("put", "/providers/{+slug}");
const putModel = operation("put", "/models/{+slug}");
const addPrice = operation("post", "/prices");
const importLimits = operation("put", "/limits");
const editKey = operation("patch", "/keys/{id}");
const brake = (reason: string) => setBrake(request({ scope: {}, mode: "observe", reason, expiresInSeconds: 60 }));

async function sql(text: string, values: unknown[] = []): Promise<void> {
  const client = new pg.Client({ connectionString: database.postgres.url });
  await client.connect();
  await client.query(text, values);
  await client.end();
}

test("a series of changes holds only while nobody else changes anything, and a refused one changes nothing", async () => {
  await context.policy.refresh();
  const basedOn = new BasedOn(context.policy.snapshot.version);
  const series = (body: Record<string, unknown>) => ({ ...request(body), context: { ...context, basedOn } });
  const own = (reason: string) => setBrake(series({ scope: {}, mode: "observe", reason, expiresInSeconds: 60 }));
  await own("the first of a series");
  await own("the second of a series");
  await brake("by somebody else");
  const before = await auditAfter(opened.db, { after: 0, limit: 10_000 });
  await expect(own("the third of a series")).rejects.toMatchObject({ code: "conflict" });
  expect(await auditAfter(opened.db, { after: 0, limit: 10_000 })).toEqual(before);
});

test("each change leaves one audit row and one policy version; a refused one leaves neither", async () => {
  const before = (await auditAfter(opened.db, { after: 0, limit: 10_000 })).length;
  const version = context.policy.snapshot.version;
  await brake("the first of them");
  await expect(brake("short")).rejects.toThrow("at least 8 characters");
  const { body: tier } = await getTier(request({}, { slug: "free" }));
  await putTier(request({ ...tier, comment: "because" }, { slug: "free" }));
  await expect(putTier(request({ ...tier }, { slug: "free" }))).rejects.toMatchObject({ code: "conflict" });
  const rows = (await auditAfter(opened.db, { after: 0, limit: 10_000 })).slice(before);
  expect(rows.map((row) => [row.actor, row.action, row.reason])).toEqual([
    ["ann@example.test", "brakes.set", "the first of them"],
    ["ann@example.test", "tiers.publish", "because"],
  ]);
  expect(context.policy.snapshot.version).toBe(version + 2);
});

test("an edit by hand that does not compile keeps the tenant's last good limits, says so, and hinders no other change", async () => {
  await sql("update limits set algorithm = 'magic' where id = 'lim_free-requests-per-minute'");
  const held = await context.policy.refresh();
  const compiled = held.policyOf("tenant_free", null);
  expect(compiled.kind === "policy" && compiled.policy.limits.map(({ name }) => name)).toContain("requests-per-minute");
  expect(held.faults).toMatchObject([{ tenant: "free", effect: "held" }]);
  const { body } = await listInstances(request({}));
  expect(body).toMatchObject({ policyFaults: [{ tenant: "free", effect: "held" }] });
  const { body: tier } = await getTier(request({}, { slug: "standard" }));
  await putTier(request({ ...tier, comment: "another tier" }, { slug: "standard" }));
  // A process that starts now knows no good limits of that tenant; the others are served.
  const fresh = new CurrentPolicy({ db: opened.db, clock: systemClock, log: makeLog("silent") });
  const started = await fresh.refresh();
  expect(started.policyOf("tenant_free", null).kind).toBe("faults");
  expect(started.policyOf("tenant_standard", null).kind).toBe("policy");
  await sql("update limits set algorithm = 'token_bucket' where id = 'lim_free-requests-per-minute'");
  expect((await context.policy.refresh()).faults).toEqual([]);
});

test("eight writers at once make one chain, and every change is anchored", async () => {
  await Promise.all(Array.from({ length: 8 }, (_, writer) => brake(`writer number ${writer}`)));
  const report = await context.audit.verify(opened.db);
  expect(report.faults).toEqual([]);
  expect(report.anchors.newest?.seq).toBe(report.last);
});

test("two editors of one tier at once: one publishes, the other gets a conflict", async () => {
  const { body: tier } = await getTier(request({}, { slug: "standard" }));
  const edits = await Promise.allSettled(
    Array.from({ length: 6 }, () => putTier(request({ ...tier }, { slug: "standard" }))),
  );
  expect(edits.filter((edit) => edit.status === "fulfilled")).toHaveLength(1);
  const { body: after } = await getTier(request({}, { slug: "standard" }));
  expect(after.version).toBe(tier.version + 1);
  expect(after.limits.map((limit) => limit.name)).toEqual(tier.limits.map((limit) => limit.name));
});

/** A new operator with a session, as the door knows them. */
async function signedInOperator(email: string, password: string): Promise<{ headers: Headers; actor: Actor }> {
  const answer = await context.auth.api.signInEmail({ body: { email, password }, asResponse: true });
  const cookie = answer.headers.getSetCookie().map((one) => one.split(";")[0]);
  const headers = new Headers({ cookie: cookie.join("; ") });
  const actor = await sessionActor(context, headers);
  if (actor === null) throw new Error("not signed in");
  return { headers, actor };
}

test("a sensitive action needs the password again when it was given long ago, and counts it for a while", async () => {
  const [email, password] = ["cy@example.test", "a long enough password"];
  await context.auth.api.createUser({ body: { email, password, name: "Cy", role: "admin" } });
  const { headers, actor } = await signedInOperator(email, password);
  const stopAll = (by: Actor, expiresInSeconds: number | null) =>
    setBrake({ ...request({ scope: {}, mode: "observe", reason: "stop them all", expiresInSeconds }), actor: by });
  // Just signed in: that counts. Long ago: it does not, unless the brake ends by itself.
  expect(await stopAll(actor, null)).toMatchObject({ status: 201 });
  await sql("update staff_sessions set created_at = now() - interval '11 minutes'");
  const old = (await sessionActor(context, headers)) ?? actor;
  await expect(stopAll(old, null)).rejects.toThrow("confirm your password");
  expect(await stopAll(old, 60)).toMatchObject({ status: 201 });
  await expect(confirm({ ...request({ password: "wrong" }), actor: old })).rejects.toThrow("password is wrong");
  await expect(stopAll((await sessionActor(context, headers)) ?? actor, null)).rejects.toThrow("confirm your password");
  await confirm({ ...request({ password }), actor: old });
  expect(await stopAll((await sessionActor(context, headers)) ?? actor, null)).toMatchObject({ status: 201 });
});

test("the account for emergencies is open for an hour, and only the operator token opens it", async () => {
  const { body } = await breakGlass(request({}));
  const { email, password } = z.object({ email: z.string(), password: z.string() }).parse(body);
  const { headers, actor } = await signedInOperator(email, password);
  expect(actor.role).toBe("admin");
  await expect(breakGlass({ ...request({}), actor })).rejects.toThrow("operator token");
  await sql("update staff set created_at = now() - interval '61 minutes' where email = $1", [email]);
  // The library notes each change of the account, such as a second factor: none of them is a new hour.
  const { internalAdapter } = await context.auth.$context;
  await internalAdapter.updateUser(actor.session?.userId ?? "", { name: "Still open" });
  expect(await sessionActor(context, headers)).toBeNull();
  // Opened again it has another password, and the sessions before are over.
  const again = z.object({ password: z.string() }).parse((await breakGlass(request({}))).body);
  expect(await sessionActor(context, headers)).toBeNull();
  expect((await signedInOperator(email, again.password)).actor.role).toBe("admin");
});

test("a second step with a broken cookie, or with none, is refused and is no fault of ours", async () => {
  setCurrentConsole(context);
  for (const value of ["=%E0%A4%A.x", "=%", "=.", ""]) {
    const cookie = `spillway.two_factor${value}`;
    const headers = { "content-type": "application/json", origin: "http://localhost", cookie };
    const step = { method: "POST", headers, body: JSON.stringify({ code: "123456" }) };
    const answer = await authDoor(new Request("http://localhost/api/auth/two-factor/verify-totp", step));
    expect(answer.status, cookie).toBe(401);
  }
});

const limitsFile = z.object({ tiers: z.array(z.looseObject({})), overrides: z.array(z.unknown()) });
const UPSTREAM = { name: "Acme", baseUrl: "https://llm.acme.test/v1", dialect: "openai" };
const acme = (body: Record<string, unknown>) => putProvider(request({ ...UPSTREAM, ...body }, { slug: "acme" }));

test("a stored credential is sent only to the address it was given for", async () => {
  await acme({ credential: "sk-acme-secret" });
  await acme({ baseUrl: "https://llm.acme.test/v2", name: "Acme II" });
  for (const move of [
    { baseUrl: "https://evil.test/v1" },
    { baseUrl: "https://llm.acme.test:8443/v1" },
    { dialect: "anthropic" },
  ]) {
    await expect(acme(move)).rejects.toMatchObject({ code: "invalid_value", param: "credential" });
  }
  await acme({ baseUrl: "https://new.acme.test/v1", credential: "sk-another-secret" });
  await acme({ baseUrl: "https://other.acme.test/v1", credential: null });
});

test("no provider is sent a secret of this process", async () => {
  for (const credentialEnv of [
    "KEY_PEPPER",
    "AUTH_SECRET",
    "OPERATOR_TOKEN",
    "DATABASE_URL",
    "HOME",
    "OPENAI_API_KEY",
  ]) {
    await expect(acme({ credentialEnv, credential: null })).rejects.toMatchObject({ param: "credentialEnv" });
  }
  await acme({ baseUrl: "https://api.openai.com/v1", credentialEnv: "OPENAI_API_KEY", credential: null });
});

test("providers, prices, imports of limits and a key's rights need the password again", async () => {
  const session = { id: "s1", userId: "u1", confirmedAtMs: context.clock.now() - 11 * 60_000 };
  const late = (body: Record<string, unknown>, params = {}) => ({
    ...request(body, params),
    actor: { ...ACTOR, session },
  });
  const price = { inputMicroUsdPerMillion: 1, outputMicroUsdPerMillion: 1 };
  const tokens = { contextTokens: 1000, maxOutputTokens: 100, defaultOutputTokens: 10 };
  const { tiers, overrides } = limitsFile.parse((await exportLimits(request({}))).body);
  const file = { spillway: "limits/1", tiers: tiers.map((tier) => ({ ...tier, limits: [] })), overrides };
  const acts = [
    () => putProvider(late(UPSTREAM, { slug: "acme" })),
    () => putModel(late({ provider: "acme", ...tokens, price }, { slug: "acme-1" })),
    () => addPrice(late({ model: "sim-small", ...price })),
    () => importLimits(late({ file })),
    () => editKey(late({ expiresInDays: 3650 }, { id: "standard" })),
    () => editKey(late({ ipAllow: null }, { id: "standard" })),
  ];
  for (const act of acts) await expect(act()).rejects.toMatchObject({ code: "confirmation_required" });
});

test("a session's password is guessed five times at most, at one moment or one after the other, and so is no other's", async () => {
  const { signIn, user, password } = await madeOperator("guessed@example.test");
  const guess = (id: string, text: string) =>
    confirm({
      ...request({ password: text }),
      actor: { ...ACTOR, session: { id, userId: user.id, confirmedAtMs: 0 } },
    }).then(
      () => "right",
      (error: { code: string }) => error.code,
    );
  expect(await guess("s-1", password)).toBe("right");
  const first = await Promise.all(Array.from({ length: 40 }, (_, at) => guess("s-1", `a wrong password ${at}`)));
  expect(first.filter((code) => code === "forbidden")).toHaveLength(5);
  expect(first.filter((code) => code === "too_many_attempts")).toHaveLength(35);
  expect(await guess("s-1", password)).toBe("too_many_attempts");
  // More sessions of the same account get no more than the account's own tries.
  const more = await Promise.all(Array.from({ length: 40 }, (_, at) => guess(`s-${at + 2}`, `a wrong password ${at}`)));
  expect(more.filter((code) => code === "forbidden").length).toBeLessThanOrEqual(5);
  expect(await signIn()).toBe(200);
});

test("an account's password is guessed ten times at most at sign-in, from whatever address", async () => {
  const { signIn } = await madeOperator("tried@example.test");
  expect(await signIn()).toBe(200);
  const answers = await Promise.all(Array.from({ length: 30 }, (_, at) => signIn(`a wrong password ${at}`, at)));
  expect(answers.filter((status) => status === 401)).toHaveLength(10);
  expect(answers.filter((status) => status === 429)).toHaveLength(20);
  expect(await signIn()).toBe(429);
  const { signIn: other } = await madeOperator("untried@example.test");
  expect(await other()).toBe(200);
});

test("a session ends a day after the sign-in, however much it is used", async () => {
  const { headers } = await madeOperator("lasting@example.test");
  const own = await headers();
  const at = (hours: number) => ({ ...context, clock: { now: () => Date.now() + hours * 3600_000 } });
  expect(await sessionActor(at(23), own)).toMatchObject({ name: "lasting@example.test" });
  expect(await sessionActor(at(24), own)).toBeNull();
});

test("while the database is away the answer says so, and what still works", async () => {
  const away = await openDatabase({ url: database.postgres.url, log: makeLog("silent") });
  await away.close();
  setCurrentConsole({ ...context, db: away.db });
  const headers = { authorization: `Bearer ${context.operatorToken}` };
  const path = "http://localhost/api/admin/brakes";
  const served = { right: "brakes.view", answer: () => Promise.reject(new Error("lost")) } as const;
  const answer = await answerWith(served, new Request(path, { headers }), {});
  expect(answer.status).toBe(503);
  const { title, detail } = await answer.json();
  expect(title).toBe("database_unavailable");
  expect(detail).toMatch(/^The database cannot be reached\. Calls are still served .* operator token/);
  setCurrentConsole(context);
  const ours = await answerWith(served, new Request(path, { headers }), {});
  expect([ours.status, (await ours.json()).title]).toEqual([500, "internal"]);
});

/** An operator, and how to sign in as them through the door of the console. */
async function madeOperator(email: string) {
  setCurrentConsole(context);
  const password = "a long enough password";
  const { user } = await context.auth.api.createUser({ body: { email, password, name: "Dee", role: "viewer" } });
  const enter = (text: string, at: number) =>
    authDoor(
      new Request("http://localhost/api/auth/sign-in/email", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          origin: "http://localhost",
          [ADDRESS_HEADER]: `192.0.2.${at}`,
        },
        body: JSON.stringify({ email, password: text }),
      }),
    );
  const signIn = async (text = password, at = 250) => (await enter(text, at)).status;
  const headers = async () => {
    const cookies = (await enter(password, 251)).headers.getSetCookie().map((one) => one.split(";")[0]);
    return new Headers({ cookie: cookies.join("; ") });
  };
  return { user, password, signIn, headers };
}
