import fs from "node:fs";
import path from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startEmbeddedPostgres } from "@/db/embedded/postgres";
import { HungPostgres } from "../fixtures/hung-postgres";
import { until } from "../fixtures/process";
import { RedisServer } from "../fixtures/redis-server";
import { answering, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";

const PREFIX = "canary";
/** The texts that are planted. A text names its kind, so the place where it is found says what leaked. */
const CANARIES = {
  prompt: "canary-prompt-Zx81Lq",
  completion: "canary-completion-Pw44Rt",
  "a tool's argument": "canary-argument-Jj02Mm",
  "a provider's error": "canary-upstream-error-Kd93Vn",
  "a provider's credential": "canary-provider-key-Ye57Hs",
  "a header of a client": "canary-client-header-Uo60Bc",
  "a wrong key": "canary-wrong-key-Ta28Xd",
  "a provider's key sent to us": "sk-proj-canaryCANARYcanaryCANARY26",
  "a wrong password": "canary-wrong-password-Ge19Fw",
  KEY_PEPPER: "canary-pepper-Qn36Ky-0123456789-0123456789",
  AUTH_SECRET: "canary-auth-secret-Ir73Zb-0123456789-0123456789",
  CREDENTIALS_KEY: Buffer.from("canary-credentials-key-32-bytes!").toString("base64"),
  METRICS_TOKEN: "canary-metrics-token-Ow12Ea-0123456789",
} as const;

let redis: RedisServer;
let spillway: Spillway;
let upstream: Scripted;
/** what the process had told its owner at the start, keys and all */
let greeting = 0;

beforeAll(async () => {
  [redis, upstream] = await Promise.all([
    RedisServer.run(undefined, undefined, {}, ["--rdbcompression", "no"]),
    Scripted.run(),
  ]);
  const { KEY_PEPPER, AUTH_SECRET, CREDENTIALS_KEY, METRICS_TOKEN } = CANARIES;
  const secrets = { KEY_PEPPER, AUTH_SECRET, CREDENTIALS_KEY, METRICS_TOKEN };
  spillway = await Spillway.run({ ...secrets, REDIS_URL: redis.url, REDIS_PREFIX: PREFIX, LOG_LEVEL: "trace" });
  greeting = spillway.process.output().length;
  const credential = CANARIES["a provider's credential"];
  await upstream.serve(spillway, "scripted", { credential, coolsDown: false });
});
afterAll(async () => {
  await spillway.stop();
  upstream.stop();
  await redis.stop();
});

const said = [{ role: "user", content: CANARIES.prompt }];
const tool = (content: string) => ({ id: "c", type: "function", function: { name: "f", arguments: content } });
const WHOLE = {
  id: "x",
  object: "chat.completion",
  created: 1,
  model: "m",
  usage: { prompt_tokens: 20, completion_tokens: 3, total_tokens: 23 },
  choices: [
    {
      index: 0,
      message: {
        role: "assistant",
        content: CANARIES.completion,
        tool_calls: [tool(CANARIES["a tool's argument"])],
      },
      finish_reason: "stop",
    },
  ],
};

async function call(more: Readonly<Record<string, unknown>> = {}, key = spillway.demo.keys.enterprise) {
  const headers = { "x-canary": CANARIES["a header of a client"] };
  const answer = await spillway.chat(key, { model: "scripted", messages: said, ...more }, { headers });
  return { status: answer.status, text: await answer.text() };
}

/** Calls that end in many ways, and operators' requests that fail. Returns all that callers were answered with. */
async function play(): Promise<string> {
  const texts: string[] = [];
  const note = async (one: Promise<{ status: number; text: string }>) => void texts.push((await one).text);
  upstream.play = answering(200, WHOLE);
  expect(await call()).toMatchObject({ status: 200, text: expect.stringContaining(CANARIES.completion) });
  upstream.play = answering(500, { error: { message: CANARIES["a provider's error"] } });
  await note(call());
  upstream.play = answering(200, CANARIES["a provider's error"]);
  await note(call());
  upstream.play = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`data: {"choices":[{"delta":{"content":"x"}}]}\n\ndata: {bad ${CANARIES.completion}\n\n`);
    response.destroy();
  };
  await call({ stream: true }).catch(() => undefined);
  await note(call({ messages: [{ role: "user", content: [CANARIES.prompt] }] }));
  await note(call({ model: "none" }));
  await note(call({}, `sw_live_${CANARIES["a wrong key"]}`));
  await note(call({}, CANARIES["a provider's key sent to us"]));
  const half = `{"model":"scripted","messages":[{"role":"user","content":"${CANARIES.prompt}`;
  const headers = { authorization: `Bearer ${spillway.demo.keys.enterprise}`, "content-type": "application/json" };
  const broken = await fetch(`${spillway.baseUrl}/v1/messages`, { method: "POST", headers, body: half });
  texts.push(await broken.text());
  const password = CANARIES["a wrong password"];
  const wrong = await fetch(`${spillway.baseUrl}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: spillway.baseUrl },
    body: JSON.stringify({ email: spillway.demo.admin.email, password }),
  });
  texts.push(await wrong.text());
  return texts.join("\n");
}

/** The names of the canaries that a text holds. */
const foundIn = (text: string) => Object.entries(CANARIES).flatMap(([name, one]) => (text.includes(one) ? [name] : []));

test("no secret, prompt or answer is in answers, logs, figures, store or database, also while both of these are away", async () => {
  const answers = await play();
  const storeBefore = (await redis.saved()).toString("latin1");
  const postgres = new HungPostgres(spillway.dataDir);
  process.kill(postgres.pids()[0] ?? 0, "SIGKILL");
  await redis.stop("SIGKILL");
  const duringOutage = await play();
  redis = await RedisServer.run(redis.port, undefined, {}, ["--rdbcompression", "no"]);
  await until("the database to be there again", async () => (await spillway.admin("GET", "overview")) !== null);
  upstream.play = answering(200, WHOLE);
  const store = new Redis(redis.url);
  await until("the store to be used again", async () => {
    await call();
    return (await store.keys(`${PREFIX}*`)).length > 5;
  });
  await store.quit();

  const metrics = await fetch(`${spillway.baseUrl}/api/metrics`, {
    headers: { authorization: `Bearer ${CANARIES.METRICS_TOKEN}` },
  });
  expect(metrics.status).toBe(200);
  const places = {
    answers,
    "answers during the outage": duringOutage,
    figures: await metrics.text(),
    logs: spillway.process.output().slice(greeting),
    "the store before the outage": storeBefore,
    store: (await redis.saved()).toString("latin1"),
    database: await everyRow(),
    journal: journal(),
  };
  const found = Object.entries(places).flatMap(([place, text]) => foundIn(text).map((name) => `${name} in ${place}`));
  // A provider's own words reach the caller that they are for, and nobody else.
  const forCallers = ["a provider's error in answers", "a provider's error in answers during the outage"];
  expect(found.filter((one) => !forCallers.includes(one))).toEqual([]);
  const { enterprise } = spillway.demo.keys;
  const { password } = spillway.demo.admin;
  for (const [place, text] of Object.entries(places))
    for (const secret of [enterprise, password, spillway.demo.operatorToken])
      expect([place, text.includes(secret)]).toEqual([place, false]);
  // What was looked through is what there is.
  expect(places.logs.length).toBeGreaterThan(1000);
  expect(places.database.length).toBeGreaterThan(10_000);
  for (const held of [storeBefore, places.store]) expect(held).toContain(PREFIX);
});

/** All that the database holds, as text. */
async function everyRow(): Promise<string> {
  const { url } = await startEmbeddedPostgres(spillway.dataDir);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const tables = await client.query<{ name: string }>(
    "select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
  );
  const texts: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await client.query<{ text: string }>(`select one::text as text from ${name} one`);
    texts.push(...rows.map(({ text }) => text));
  }
  await client.end();
  return texts.join("\n");
}

function journal(): string {
  const folder = path.join(spillway.dataDir, "journal");
  const files = fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => path.join(folder, name));
  return files.flatMap((file) => (fs.statSync(file).isFile() ? [fs.readFileSync(file, "latin1")] : [])).join("\n");
}
