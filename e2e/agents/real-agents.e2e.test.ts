import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";
import { AGENTS, type Agent, runAgent } from "./agents";
import { AFTER, codingTask, LAST_WORDS } from "./brain";
import { record } from "./recorded";

/** The folder into which `npm run agents` installs them; they are too large to come with every check. */
const installed = process.env.AGENTS_DIR ?? "";
const WITHIN_MS = 90_000;
const TWO_RUNS_MS = 2 * WITHIN_MS + 10_000;

describe.skipIf(installed === "")("real coding agents do their task", () => {
  let spillway: Spillway;
  let upstream: Scripted;
  let cwd = "";
  beforeAll(async () => {
    [spillway, upstream] = await Promise.all([Spillway.run(), Scripted.run()]);
    await upstream.serve(spillway, "up-openai");
    await upstream.serve(spillway, "up-anthropic", { dialect: "anthropic" });
    cwd = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-agent-cwd-"));
    upstream.play = codingTask(cwd);
  });
  afterAll(async () => {
    await spillway.stop();
    upstream.stop();
    fs.rmSync(cwd, { recursive: true, force: true });
  });

  async function run(agent: Agent, baseUrl: string, model: string) {
    upstream.came.splice(0);
    const place = { baseUrl, key: spillway.demo.keys.enterprise, model };
    const options = { installed, cwd, prompt: "Change the note.", withinMs: WITHIN_MS };
    return { ...(await runAgent(agent, place, options)), calls: upstream.came.length };
  }

  test.each(AGENTS.map((agent) => [agent.name, agent] as const))(
    "%s, as directly",
    async (_name, agent) => {
      const model = agent.dialect === "anthropic" ? "up-anthropic" : "up-openai";
      const direct = await run(agent, upstream.url, model);
      const sent = [...upstream.came];
      const through = await run(agent, spillway.baseUrl, model);
      expect(through.output).toContain(LAST_WORDS);
      expect({ code: through.code, note: through.note, calls: through.calls }).toEqual({
        code: 0,
        note: AFTER,
        calls: direct.calls,
      });
      if (process.env.AGENTS_RECORD !== undefined) record(agent.name, sent);
    },
    TWO_RUNS_MS,
  );

  test.each(AGENTS.filter(({ isTranslated }) => isTranslated).map((agent) => [agent.name, agent] as const))(
    "%s, translated",
    async (_name, agent) => {
      const model = agent.dialect === "anthropic" ? "up-openai" : "up-anthropic";
      const through = await run(agent, spillway.baseUrl, model);
      expect(through.output).toContain(LAST_WORDS);
      expect({ code: through.code, note: through.note }).toEqual({ code: 0, note: AFTER });
    },
    TWO_RUNS_MS,
  );
});
