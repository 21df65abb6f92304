import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AGENTS, type Agent, runAgent } from "../agents/agents";
import { codingTask, LAST_WORDS } from "../agents/brain";
import { answering, type Script, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";
import { CLI_AGENTS } from "./cli-agents";
import { CLIENTS, type Client, type What } from "./clients";
import { type End, failuresOf, type Row, tableOf, WORKS } from "./table";
import { type Case, promptOf, REFUSAL, refusing, river, sentFor, type Told, tried, versionOf } from "./trial";

/** The folders into which `npm run clients` installs them; they are too large to come with every check. */
const installed = process.env.CLIENTS_DIR ?? "";
const agentsInstalled = process.env.AGENTS_DIR ?? "";
const WITHIN_MS = 300_000;
const AGENT_MS = 120_000;
/** A refusal by Spillway that says whose limit it is. */
const OWN_LIMIT = /used-up\W+\(key\)/;
const AGENT_RUNS = 6;

const MODELS = ["up-anthropic", "up-openai"] as const;
const NOTHING = { same: [], translated: [], error: [], limit: [], calls: { direct: 0, through: 0 } };
/** The packages of the agents that `npm run agents` installs. */
const PACKAGES: Readonly<Record<Agent["binary"], string>> = {
  "@anthropic-ai/claude-code/bin/claude.exe": "@anthropic-ai/claude-code",
  "@openai/codex/bin/codex.js": "@openai/codex",
  "opencode-ai/bin/opencode.exe": "opencode-ai",
};

describe.skipIf(installed === "")("real clients do through Spillway what they do directly", () => {
  let spillway: Spillway;
  let upstream: Scripted;
  let cwd = "";
  /** a key whose budget is used up */
  let spentKey = "";
  const rows: Row[] = [];
  beforeAll(async () => {
    [spillway, upstream] = await Promise.all([Spillway.run(), Scripted.run()]);
    await upstream.serve(spillway, "up-openai", { coolsDown: false });
    await upstream.serve(spillway, "up-anthropic", { dialect: "anthropic", coolsDown: false });
    cwd = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-agent-cwd-"));
    // The rows together come near the tier's calls per minute, and a client that waits for a minute is no finding.
    const tier = await spillway.admin<{ limits: object[] }>("GET", "tiers/enterprise");
    const limits = tier.limits.map((limit) => ({ ...limit, capacity: 1_000_000_000 }));
    await spillway.admin("PUT", "tiers/enterprise", { ...tier, limits });
    // cline offers this tool with every call of the Responses API: without a price, a caller with a budget may not use it.
    const fees = { image_generation: 1000 };
    await priced("up-openai", {
      inputMicroUsdPerMillion: 1_000_000,
      outputMicroUsdPerMillion: 5_000_000,
      feesMicroUsd: fees,
    });
    await upstream.serve(spillway, "up-dear");
    await priced("up-dear", { inputMicroUsdPerMillion: 1_000_000_000, outputMicroUsdPerMillion: 1_000_000_000 });
    const made = await spillway.admin<{ id: string; key: string }>("POST", "keys", {
      tenant: "enterprise",
      name: "spent",
    });
    spentKey = made.key;
    const budget = { slug: "used-up", level: "key", tenant: "enterprise", target: made.id, period: "month" };
    await spillway.admin("POST", "budgets", { ...budget, amountMicroUsd: 1_000_000 });
    // What is left of it is less than any call may cost, and the few tokens are below every limit of tokens.
    await spend(spentKey, 999);
  });
  afterAll(async () => {
    await spillway.stop();
    upstream.stop();
    fs.rmSync(cwd, { recursive: true, force: true });
    process.stdout.write(`\n${tableOf(rows)}\n`);
  });

  test.each(CLIENTS.map((client) => [client.name, client] as const))(
    "%s",
    async (_name, client) => {
      const version = versionOf(path.join(installed, client.folder), client.package);
      upstream.play = river;
      upstream.came.splice(0);
      const trials = version === null ? [] : trialsOf(client);
      const told = await tried(client, trials.flatMap(casesOf), { installed, withinMs: WITHIN_MS });
      const ends = (kind: Trial["kind"]): End[] =>
        trials.filter((one) => one.kind === kind).map((one) => ({ what: one.what.what, end: endOf(one, told) }));
      const calls = (way: string) =>
        upstream.came.filter(({ text }) => trials.some(({ id }) => text.includes(`[${id}-${way}]`))).length;
      note({
        client: client.name,
        version,
        same: ends("same"),
        translated: ends("translated"),
        error: ends("error"),
        limit: ends("limit"),
        calls: { direct: calls("direct"), through: calls("through") },
      });
    },
    WITHIN_MS + 30_000,
  );

  const own = [...AGENTS.map((agent) => [agent, agentsInstalled, PACKAGES[agent.binary] ?? ""] as const)];
  const others = CLI_AGENTS.map((agent) => [agent, path.join(installed, agent.folder), agent.package] as const);
  test.each([...own, ...others].map((one) => [one[0].name, ...one] as const))(
    "%s",
    async (name, agent, folder, pack) => {
      const version = versionOf(folder, pack);
      const models = agent.dialect === "anthropic" ? MODELS : [...MODELS].reverse();
      const [same = "", translated = ""] = models;
      const { enterprise } = spillway.demo.keys;
      const run = async (baseUrl: string, model: string, play: Script, key = enterprise) => {
        upstream.came.splice(0);
        upstream.play = play;
        const options = { installed: path.join(folder), cwd, prompt: "Change the note.", withinMs: AGENT_MS };
        const ran = await runAgent(agent, { baseUrl, key, model }, options);
        const calls = upstream.came.filter(({ text }) => text.includes('"tools":[{')).length;
        return { ...ran, calls, isDone: ran.output.includes(LAST_WORDS) };
      };
      if (version === null) return note({ ...NOTHING, client: name, version });
      const task = codingTask(cwd, { byShell: others.some(([one]) => one === agent) });
      const direct = await run(upstream.url, same, task);
      const through = await run(spillway.baseUrl, same, task);
      const crossed = agent.isTranslated ? await run(spillway.baseUrl, translated, task) : null;
      const failed = [await run(upstream.url, same, refusing), await run(spillway.baseUrl, same, refusing)] as const;
      const spent = await run(spillway.baseUrl, same, task, spentKey);
      const ending = (is: boolean, { output, calls }: { output: string; calls: number }) =>
        is ? WORKS : `fails: ${calls} calls: ${output.slice(-600)}`;
      const isShown = failed[1].output.includes(REFUSAL) || !failed[0].output.includes(REFUSAL);
      note({
        client: name,
        version,
        same: [
          {
            what: "task",
            end: ending(through.isDone && through.note === direct.note && through.calls === direct.calls, through),
          },
        ],
        translated:
          crossed === null
            ? []
            : [
                {
                  what: "task",
                  end: namedIn(crossed.output) ?? ending(crossed.isDone && crossed.note === direct.note, crossed),
                },
              ],
        error: [{ what: "task", end: ending(isShown && failed[1].calls <= failed[0].calls, failed[1]) }],
        limit: [{ what: "task", end: spent.calls > 0 ? ending(false, spent) : await endOfSpent(spent) }],
        calls: { direct: direct.calls + failed[0].calls, through: through.calls + failed[1].calls },
      });
    },
    AGENT_RUNS * AGENT_MS + 30_000,
  );

  async function endOfSpent({ output }: { output: string }): Promise<string> {
    if (OWN_LIMIT.test(output)) return WORKS;
    if (/quota exceeded/i.test(output)) return "in its own words";
    // A client that shows nothing got either another answer than the budget's, or none.
    const { requests } = await spillway.admin<{ requests: { outcome: string; limitName: string | null }[] }>(
      "GET",
      "requests?tenant=enterprise",
    );
    const answers = requests.slice(0, 10).map(({ outcome, limitName }) => `${outcome} ${limitName ?? ""}`.trim());
    return `fails: ${output.slice(-600)}; newest answers: ${answers.join(", ")}`;
  }

  /** A member without a counterpart in the other dialect, as a refusal names it. */
  function namedIn(words: string): string | null {
    const named = /has no counterpart for \\*"([\w.[\]]+)/.exec(words)?.[1];
    return named === undefined ? null : `refused by name: \`${named}\``;
  }

  function note(row: Row): void {
    rows.push(row);
    expect(failuresOf(row)).toEqual([]);
  }

  type Trial = { readonly id: string; readonly kind: "same" | "translated" | "error" | "limit"; readonly what: What };

  function trialsOf({ folder, name, does }: Client): readonly Trial[] {
    const [first] = does;
    if (first === undefined) return [];
    const translated = does.filter(({ api, what }) => api !== "responses" && what !== "count");
    return [
      ...does.map((what) => ["same", what] as const),
      ...translated.map((what) => ["translated", what] as const),
      ["error", first] as const,
      ["limit", first] as const,
    ].map(([kind, what], at) => ({ id: `${folder}-${name.length}-${at}`, kind, what }));
  }

  /** Each is done directly too, but for what only Spillway does. */
  function casesOf({ id, kind, what: { what, api } }: Trial): readonly Case[] {
    const own = api === "messages" ? "up-anthropic" : "up-openai";
    const other = api === "messages" ? "up-openai" : "up-anthropic";
    const { enterprise } = spillway.demo.keys;
    const model = kind === "translated" ? other : own;
    const through = { url: spillway.baseUrl, key: kind === "limit" ? spentKey : enterprise, model };
    const direct = { url: upstream.url, key: "direct", model: own };
    const places =
      kind === "limit"
        ? [["through", through] as const]
        : ([
            ["direct", direct],
            ["through", through],
          ] as const);
    return places.map(([way, place]) => {
      return { id: `${id}-${way}`, what, place, prompt: promptOf(`${id}-${way}`, kind === "error") };
    });
  }

  function endOf({ id, kind }: Trial, told: ReadonlyMap<string, Told>): string {
    const none = { error: "it did not end" };
    const [direct, through] = [told.get(`${id}-direct`) ?? none, told.get(`${id}-through`) ?? none];
    const sent = { direct: sentFor(upstream.came, `${id}-direct`), through: sentFor(upstream.came, `${id}-through`) };
    const words = "error" in through ? through.error : through.text;
    if (/requires a supported Node\.js/.test(words) && kind !== "same") return "not run";
    const calls = `${sent.through.length} calls, directly ${sent.direct.length}`;
    if (kind === "limit") {
      const isShown = sent.through.length === 0 && "error" in through && OWN_LIMIT.test(words);
      // promptfoo has words of its own for this code, and throws ours away.
      if (!isShown && sent.through.length === 0 && /quota exceeded.*insufficient_quota/i.test(words))
        return "in its own words";
      return isShown ? WORKS : `fails: ${calls}: ${words}`;
    }
    if (kind === "error") {
      const isShown = "error" in through && (words.includes(REFUSAL) || !JSON.stringify(direct).includes(REFUSAL));
      return isShown && sent.direct.length === sent.through.length ? WORKS : `fails: ${calls}: ${words}`;
    }
    if ("error" in direct) {
      const needs = /requires a supported Node\.js runtime.*?Required: (\S+)/s.exec(direct.error)?.[1];
      return needs === undefined ? `fails directly: ${direct.error}` : `not run: needs Node ${needs}`;
    }
    const named = namedIn(words);
    if (kind === "translated" && named !== null) return named;
    if (words !== direct.text) return `fails: ${words}`;
    // Anthropic's SDK asks for a thread, which the other dialect has not: all of the conversation comes instead.
    if (kind === "same" && sent.direct.length !== sent.through.length) return `fails: ${calls}`;
    const isSame = kind === "translated" || JSON.stringify(sent.direct) === JSON.stringify(sent.through);
    return isSame ? WORKS : `fails: sent ${sent.through.join(" ")}, directly ${sent.direct.join(" ")}`;
  }

  async function priced(model: string, price: Readonly<Record<string, unknown>>): Promise<void> {
    const size = { contextTokens: 400_000, maxOutputTokens: 65_536, defaultOutputTokens: 1024 };
    await spillway.admin("PUT", `models/${model}`, { provider: model, upstreamName: "up-model", ...size, price });
  }

  /** Costs so many thousandths of a dollar by one call. */
  async function spend(key: string, tokens: number): Promise<void> {
    const usage = { prompt_tokens: tokens, completion_tokens: 0, total_tokens: tokens };
    const choices = [{ index: 0, message: { role: "assistant", content: "" }, finish_reason: "stop" }];
    upstream.play = answering(200, { id: "c", object: "chat.completion", model: "up-model", choices, usage });
    const answer = await spillway.chat(key, { model: "up-dear", max_tokens: 1 });
    expect(answer.status).toBe(200);
    await answer.text();
  }
});
