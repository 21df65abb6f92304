import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { zoneFarFromMidnight } from "../fixtures/process";
import { answering, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";
import { AGENTS, type Agent, type Extras, runAgent } from "./agents";
import { AFTER, codingTask, LAST_WORDS } from "./brain";

/** The folder into which `npm run agents` installs them. */
const installed = process.env.AGENTS_DIR ?? "";
const WITHIN_MS = 120_000;
const TWO_RUNS_MS = 2 * WITHIN_MS + 10_000;
const TOOLS = 150;
/** The largest number of 64 bits, or the double next to it, for agents that read it as one. */
const UINT64_MAX = /1844674407370955(?:1615|2000)/;
/** Pictures of agents come as base64, which begins like this for PNG. */
const PICTURE = /iVBORw0KGgo/;
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

describe.skipIf(installed === "")("real coding agents in trouble", () => {
  let spillway: Spillway;
  let upstream: Scripted;
  let cwd = "";
  let budgets = 0;
  let extras: Extras = { tools: "", picture: "" };
  beforeAll(async () => {
    [spillway, upstream] = await Promise.all([Spillway.run(), Scripted.run()]);
    await upstream.serve(spillway, "up-openai", { coolsDown: false });
    await upstream.serve(spillway, "up-anthropic", { dialect: "anthropic", coolsDown: false });
    await upstream.serve(spillway, "up-dear");
    await spillway.admin("PUT", "models/up-dear", {
      ...{ provider: "up-dear", upstreamName: "up-model", contextTokens: 400_000, maxOutputTokens: 65_536 },
      ...{ defaultOutputTokens: 1024, price: { inputMicroUsdPerMillion: 1e9, outputMicroUsdPerMillion: 1e9 } },
    });
    cwd = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-agent-cwd-"));
    const picture = path.join(cwd, "river.png");
    fs.writeFileSync(picture, Buffer.from(PNG, "base64"));
    extras = { tools: path.join(import.meta.dirname, "many-tools.mjs"), picture };
  });
  afterAll(async () => {
    await spillway.stop();
    upstream.stop();
    fs.rmSync(cwd, { recursive: true, force: true });
  });

  async function run(
    agent: Agent,
    baseUrl: string,
    { key = spillway.demo.keys.enterprise, ...more }: { readonly extras?: Extras; readonly key?: string } = {},
  ) {
    upstream.came.splice(0);
    const model = agent.dialect === "anthropic" ? "up-anthropic" : "up-openai";
    const place = { baseUrl, key, model };
    const options = { installed, cwd, prompt: "Change the note.", withinMs: WITHIN_MS, ...more };
    const ran = await runAgent(agent, place, options);
    // Titles and checks run beside the task, and may be given up with it.
    const calls = upstream.came.filter(({ text }) => text.includes('"tools":[{'));
    return { ...ran, calls };
  }
  /** opencode tries again for ever when there is no room: of that, there are no numbers to compare. */
  const givingUp = AGENTS.filter(({ name }) => !name.startsWith("opencode"));
  const lasting = [404, 413];
  const each = AGENTS.map((agent) => [agent.name, agent] as const);
  const traits = ({ calls }: Awaited<ReturnType<typeof run>>) => {
    const last = calls.at(-1)?.text ?? "";
    const { tools } = JSON.parse(last === "" ? "{}" : last);
    return {
      calls: calls.length,
      tools: JSON.stringify(tools).split("gauge_").length,
      bound: UINT64_MAX.exec(last)?.[0],
      picture: PICTURE.test(last),
    };
  };

  test.each(each)(
    "%s: a picture, 150 tools and bounds of 64 bits arrive as they do directly",
    async (_name, agent) => {
      upstream.play = codingTask(cwd, { picture: extras.picture });
      const direct = await run(agent, upstream.url, { extras });
      const through = await run(agent, spillway.baseUrl, { extras });
      expect(through.output).toContain(LAST_WORDS);
      expect([through.code, through.note]).toEqual([0, AFTER]);
      expect(traits(through)).toEqual(traits(direct));
      expect(traits(through).tools).toBeGreaterThan(TOOLS);
      expect(traits(through).picture).toBe(true);
      // Codex and opencode leave bounds out of the schemas that they send.
      if (agent.name === "claude-code") expect(traits(through).bound).toMatch(UINT64_MAX);
    },
    TWO_RUNS_MS,
  );

  const errors = [
    [404, { type: "not_found_error", message: "model: up-model" }],
    [413, { type: "request_too_large", message: "Request exceeds the maximum size" }],
    [429, { type: "rate_limit_error", message: "Please slow down" }],
    [529, { type: "overloaded_error", message: "Overloaded" }],
  ] as const;
  const all = each.flatMap(([name, agent]) => errors.map(([status, error]) => [name, status, agent, error] as const));
  test.each(all.filter(([, status, agent]) => lasting.includes(status) || givingUp.includes(agent)))(
    "%s: a provider's %d makes as many calls as directly",
    async (_name, status, agent, error) => {
      upstream.play = answering(status, { type: "error", error }, status === 429 ? { "retry-after": "1" } : {});
      const direct = await run(agent, upstream.url);
      const through = await run(agent, spillway.baseUrl);
      expect(direct.calls.length).toBeGreaterThan(0);
      // opencode repeats a 404 after two seconds unless it has ended before: by its own race, so one call more is its own.
      const own = status === 404 && agent.name.startsWith("opencode") ? 1 : 0;
      expect(through.calls.length - direct.calls.length).toBeGreaterThanOrEqual(-own);
      expect(through.calls.length - direct.calls.length).toBeLessThanOrEqual(own);
    },
    TWO_RUNS_MS,
  );

  test.each(each)(
    "%s shows a budget that is used up in words, and calls no provider",
    async (_name, agent) => {
      const key = await spentKey();
      upstream.play = codingTask(cwd);
      const spent = await run(agent, spillway.baseUrl, { key });
      show(spent);
      // opencode would repeat an answer that holds a status' digits, as this name does. Codex has words of its own for a quota that is used up.
      const words = agent.name === "codex" ? /Quota exceeded/ : /"used-up-5\u2060?00-\d" \(key\).*will reset at/s;
      expect([spent.calls.length, spent.output]).toEqual([0, expect.stringMatching(words)]);
    },
    TWO_RUNS_MS,
  );

  // Codex waits for as long as a brake announces, again and again: minutes, of which nothing is shown.
  test("claude-code shows the public message of a brake, and calls no provider", async () => {
    upstream.play = codingTask(cwd);
    const [claude] = AGENTS;
    if (claude === undefined) throw new Error("no agent");
    const brake = { scope: { tenant: "enterprise" }, mode: "block", reason: "The river is too high." };
    const asked = { ...brake, publicMessage: "The gates are shut.", expiresInSeconds: 600 };
    const { id } = await spillway.admin<{ id: string }>("POST", "brakes", asked);
    const braked = await run(claude, spillway.baseUrl);
    await spillway.admin("DELETE", `brakes/${id}`, { reason: "the test is over" });
    show(braked);
    expect([braked.calls.length, braked.output]).toEqual([0, expect.stringContaining("The gates are shut.")]);
  });

  /** A new key whose budget is used up. A budget of the tenant would start with what the runs before have cost today. */
  async function spentKey(): Promise<string> {
    const { id, key } = await spillway.admin<{ id: string; key: string }>("POST", "keys", {
      ...{ tenant: "enterprise", name: "spent" },
    });
    budgets += 1;
    const budget = { slug: `used-up-500-${budgets}`, level: "key", tenant: "enterprise", target: id, period: "day" };
    const amount = { amountMicroUsd: 1_000_000, timeZone: zoneFarFromMidnight() };
    await spillway.admin("POST", "budgets", { ...budget, ...amount });
    // At $1 a thousand tokens, so that no limit of tokens refuses.
    const usage = { prompt_tokens: 999, completion_tokens: 0, total_tokens: 999 };
    const choices = [{ index: 0, message: { role: "assistant", content: "" }, finish_reason: "stop" }];
    upstream.play = answering(200, { id: "c", object: "chat.completion", model: "up-model", choices, usage });
    const answer = await spillway.chat(key, { model: "up-dear", max_tokens: 1 });
    expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
    return key;
  }
});

/** AGENTS_SHOW=1 prints what an agent shows. */
function show({ output }: { readonly output: string }): void {
  if (process.env.AGENTS_SHOW !== undefined) process.stdout.write(`${output}\n`);
}
