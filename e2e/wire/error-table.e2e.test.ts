import { randomUUID } from "node:crypto";
import fs from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEmbeddedPostgres } from "@/db/embedded/postgres";
import { ERRORS } from "@/lib/errors";
import { until, zoneFarFromMidnight } from "../fixtures/process";
import { answering, type Script, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";
import { type DialectName, ELSEWHERE, OURS, ROWS, type Row, type Sent } from "./errors/rows";

let spillway: Spillway;
let upstream: Scripted;
const keys: Partial<Record<NonNullable<Sent["by"]>, string>> = { unknown: "sw_live_unknown", none: "" };

beforeAll(async () => {
  [spillway, upstream] = await Promise.all([Spillway.run({ BODY_MB_MAX: "0.1" }), Scripted.run()]);
  for (const [openai, anthropic] of [
    ["scripted", "scripted-a"],
    ["other", "other-a"],
  ] as const) {
    await upstream.serve(spillway, openai);
    await upstream.serve(spillway, anthropic, { dialect: "anthropic" });
  }
  const sizes = { contextTokens: 100, maxOutputTokens: 90, defaultOutputTokens: 10 };
  const price = { inputMicroUsdPerMillion: 1_000_000, outputMicroUsdPerMillion: 5_000_000 };
  await spillway.admin("PUT", "models/tiny", { provider: "scripted", upstreamName: "m", ...sizes, price });
  await spillway.admin("PUT", "models/unpriced", { provider: "scripted", upstreamName: "m", ...sizes, price });
  await makeCallers();
});
afterAll(async () => {
  await spillway.stop();
  upstream.stop();
});

/** A tenant of its own and its key. */
async function callerOf(slug: NonNullable<Sent["by"]>, tier: string, more: object = {}): Promise<string> {
  await spillway.admin("POST", "tenants", { slug, name: slug, tier });
  const { id, key } = await spillway.admin<{ id: string; key: string }>("POST", "keys", {
    tenant: slug,
    name: "one",
    ...more,
  });
  keys[slug] = key;
  return id;
}

async function makeCallers(): Promise<void> {
  const expired = await callerOf("expired", "enterprise");
  await callerOf("narrow", "enterprise", { models: ["sim-large"] });
  await callerOf("chatless", "enterprise", { endpoints: ["embeddings"] });
  await callerOf("far", "enterprise", { ipAllow: ["10.9.9.9/32"] });
  for (const slug of ["suspended", "few", "small", "spent", "braked"] as const) {
    await callerOf(slug, slug === "few" ? "standard" : "enterprise");
  }
  await spillway.admin("PATCH", "tenants/suspended", { status: "suspended", reason: "unpaid" });
  const override = { reason: "for the test", expiresInSeconds: 3600 };
  await spillway.admin("POST", "overrides", {
    tenant: "few",
    limit: "requests-per-minute",
    capacity: 1,
    refill: 2,
    ...override,
  });
  await spillway.admin("POST", "overrides", { tenant: "small", limit: "tokens-per-minute", capacity: 50, ...override });
  await spillway.admin("POST", "budgets", {
    slug: "nothing",
    level: "tenant",
    tenant: "spent",
    period: "month",
    timeZone: zoneFarFromMidnight(),
    amountMicroUsd: 150,
  });
  await spillway.admin("POST", "brakes", {
    scope: { tenant: "braked" },
    mode: "block",
    reason: "for the test",
    expiresInSeconds: 600,
  });
  // It runs already: this finds it.
  const { url } = await startEmbeddedPostgres(spillway.dataDir);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("update keys set expires_at = now() - interval '1 hour' where id = $1", [expired]);
  await client.query("delete from prices where model_id = (select id from models where slug = 'unpriced')");
  await client.query("insert into policy_versions (actor, change) values ('test', 'expire')");
  await client.end();
}

const PATHS: Readonly<Record<DialectName, string>> = { chat: "/v1/chat/completions", messages: "/v1/messages" };
const COMPLETION: Script = answering(200, {
  id: "x",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 20, total_tokens: 21 },
});

function post(dialect: DialectName, send: Sent, more: { text?: string; headers?: Record<string, string> } = {}) {
  const path =
    dialect === "messages" && send.path !== undefined
      ? `/v1/messages${send.path}`
      : send.path
        ? `/v1${send.path}`
        : PATHS[dialect];
  const key = send.by === undefined ? spillway.demo.keys.enterprise : (keys[send.by] ?? "");
  // The other dialect's provider, where something is to be lost on the way to it.
  const fields = { ...send.fields };
  if (fields.model === "own") fields.model = dialect === "chat" ? "scripted" : "scripted-a";
  if (fields.model === "other" && dialect === "chat") fields.model = "other-a";
  const body = { model: "scripted", max_tokens: 20, messages: [{ role: "user", content: "hi" }], ...fields };
  return fetch(`${spillway.baseUrl}${path}`, {
    method: "POST",
    headers: {
      ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
      "content-type": "application/json",
      ...send.headers,
      ...more.headers,
    },
    body: more.text ?? send.text ?? JSON.stringify(body),
  });
}

/** Brings one row about. */
async function provoke(dialect: DialectName, { code, send }: Row): Promise<Response> {
  // The errors of the row before are none of this one's.
  for (const name of ["scripted", "scripted-a"])
    await spillway.admin("PUT", `upstream/${name}`, { inService: true, reason: "for the test" });
  upstream.play =
    send.upstream === undefined
      ? COMPLETION
      : answering(send.upstream.status, send.upstream.body, send.upstream.headers);
  // The first call uses up what there is.
  if (code === "rate_limit_exceeded" || code === "insufficient_quota") await (await post(dialect, send)).text();
  if (send.before === undefined) return post(dialect, send);
  const headers = { "idempotency-key": randomUUID() };
  if (send.before !== "running") {
    await (await post(dialect, send, { headers })).text();
    const isOther = send.before === "answered otherwise";
    return post(dialect, isOther ? { ...send, fields: { max_tokens: 21 } } : send, { headers });
  }
  const held: { go(): void } = { go: () => undefined };
  upstream.play = (response, came) => {
    held.go = () => COMPLETION(response, came);
  };
  const came = upstream.came.length;
  const first = post(dialect, send, { headers });
  await until("the first to be sent", () => upstream.came.length > came);
  const second = await post(dialect, send, { headers });
  held.go();
  await (await first).text();
  return second;
}

describe.each<DialectName>(["chat", "messages"])("the table of errors, to a caller of %s", (dialect) => {
  test.each(ROWS.map((row) => [row.code, row] as const))("%s", async (_code, row) => {
    const isAnthropic = dialect === "messages";
    const answer = await provoke(dialect, row);
    const body = await answer.json();
    const { type, code } = ERRORS_BY[dialect](row);
    expect({ status: answer.status, said: saidIn(body, dialect), retry: answer.headers.get("x-should-retry") }).toEqual(
      {
        status: (isAnthropic ? row.anthropicStatus : undefined) ?? row.status,
        said: { code, type },
        retry: row.retry,
      },
    );
    const requestId = answer.headers.get("x-request-id");
    expect(requestId).toMatch(/^req_/);
    expect(answer.headers.get("request-id")).toBe(requestId);
    expect(body.error.message).toContain(requestId);
    if (isAnthropic) expect([body.type, body.request_id]).toEqual(["error", requestId]);
    if (row.retry === "true" && answer.status === 429)
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

function saidIn(
  { error }: { error: { code?: string; type: string; details?: { error_code: string } } },
  dialect: DialectName,
) {
  return { code: dialect === "messages" ? error.details?.error_code : error.code, type: error.type };
}

const ERRORS_BY: Readonly<Record<DialectName, (row: Row) => { type: string; code: string }>> = {
  chat: ({ code }) => ({ type: typeOf(code, "openai"), code }),
  messages: ({ code, anthropicCode = code }) => ({ type: typeOf(code, "anthropic"), code: anthropicCode }),
};

function typeOf(code: string, dialect: "openai" | "anthropic"): string {
  // OpenAI's own limits name what they count.
  if (code === "rate_limit_exceeded" && dialect === "openai") return "requests";
  return Object.entries(ERRORS).find(([name]) => name === code)?.[1][dialect] ?? "";
}

test("every row of docs/api.md is produced, with the status given there", () => {
  const doc = fs.readFileSync("docs/api.md", "utf8");
  const table = doc.slice(doc.indexOf("| status | code |")).split("\n\n")[0]?.split("\n").slice(2) ?? [];
  const told = table.flatMap((line) => {
    const [, statuses = "", codes = ""] = line.split("|");
    // Types that the table names are held against real answers above.
    const named = codes.replace(/type `[a-z_]+`/g, "").matchAll(/`([a-z_]+)`/g);
    return [...named].map(([, code = ""]) => ({ code, statuses }));
  });
  expect(told.length).toBeGreaterThan(45);
  const played = new Map(ROWS.map((row) => [row.code, row]));
  const alias = new Set(ROWS.map((row) => row.anthropicCode));
  const unknown = told.filter(
    ({ code }) => !(played.has(code) || code in ELSEWHERE || OURS.includes(code) || alias.has(code)),
  );
  expect(unknown.map(({ code }) => code)).toEqual([]);
  for (const { code, statuses } of told) {
    const row = played.get(code);
    if (row !== undefined && /\d/.test(statuses)) expect(`${code}: ${statuses}`).toContain(String(row.status));
  }
  for (const code of played.keys()) expect(told.map((one) => one.code)).toContain(code);
  for (const [code, file] of Object.entries(ELSEWHERE)) expect(fs.readFileSync(file, "utf8")).toContain(code);
});
