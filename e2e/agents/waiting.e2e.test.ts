import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answering, type Came, type Script, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";
import { AGENTS, type Agent, runAgent } from "./agents";
import { AFTER, codingTask, LAST_WORDS } from "./brain";

/** The folder into which `npm run agents` installs them. */
const installed = process.env.AGENTS_DIR ?? "";
const WITHIN_MS = 180_000;
const RUNS_MS = 2 * WITHIN_MS + 10_000;
/** Reasoning models think for minutes: AGENTS_SLOW_SECONDS=125 runs that as well. */
const slowMs = Number(process.env.AGENTS_SLOW_SECONDS ?? 0) * 1000;
const PROMPT = "Change the note.";

/** An error in the form of the API that was called. */
function failing(status: number, type: string, message: string, headers: Record<string, string> = {}): Script {
  return (response, came) => {
    const error = { type, message };
    const isAnthropic = came.path.split("?")[0]?.endsWith("/messages") === true;
    answering(status, isAnthropic ? { type: "error", error } : { error }, headers)(response, came);
  };
}

const hasTools = ({ text }: Came) => text.includes('"tools":[{');

/** Fails the first calls of the task; the rest of it goes on as if nothing had happened. */
function failingFirst(times: number, fails: Script, then: Script): Script {
  let failed = 0;
  return (response, came) => {
    if (!hasTools(came) || failed >= times) return then(response, came);
    failed += 1;
    return fails(response, came);
  };
}

describe.skipIf(installed === "")("real coding agents wait and go on", () => {
  let spillway: Spillway;
  let upstream: Scripted;
  let cwd = "";
  const own = (agent: Agent) => (agent.dialect === "anthropic" ? "up-anthropic" : "up-openai");
  const other = (agent: Agent) => (agent.dialect === "anthropic" ? "up-openai" : "up-anthropic");
  beforeAll(async () => {
    [spillway, upstream] = await Promise.all([Spillway.run(), Scripted.run()]);
    await upstream.serve(spillway, "up-openai", { coolsDown: false });
    await upstream.serve(spillway, "up-anthropic", { dialect: "anthropic", coolsDown: false });
    cwd = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-agent-cwd-"));
  });
  afterAll(async () => {
    await spillway.stop();
    upstream.stop();
    fs.rmSync(cwd, { recursive: true, force: true });
  });

  async function run(agent: Agent, baseUrl: string, model: string, play: Script, withinMs = WITHIN_MS) {
    upstream.came.splice(0);
    upstream.play = play;
    const place = { baseUrl, key: spillway.demo.keys.enterprise, model };
    const ran = await runAgent(agent, place, { installed, cwd, prompt: PROMPT, withinMs });
    // Titles and checks run beside the task, and may be given up with it.
    return { ...ran, calls: upstream.came.filter(hasTools).length, isDone: ran.note === AFTER };
  }
  const named = (agents: readonly Agent[]) => agents.map((agent) => [agent.name, agent] as const);
  const translated = AGENTS.filter(({ isTranslated }) => isTranslated);
  const limited = failing(429, "rate_limit_error", "Please slow down", { "retry-after": "1" });
  const overloaded = failing(529, "overloaded_error", "Overloaded");

  describe.each([
    ["429", limited],
    ["529", overloaded],
  ] as const)("a provider that answers %s twice, and then is well", (_status, fails) => {
    test.each(named(AGENTS))(
      "%s: as many calls as directly",
      async (_name, agent) => {
        const play = () => failingFirst(2, fails, codingTask(cwd));
        const direct = await run(agent, upstream.url, own(agent), play());
        const through = await run(agent, spillway.baseUrl, own(agent), play());
        expect([through.isDone, through.calls]).toEqual([direct.isDone, direct.calls]);
      },
      RUNS_MS,
    );

    test.each(named(translated))(
      "%s, translated: as many calls as directly",
      async (_name, agent) => {
        const play = () => failingFirst(2, fails, codingTask(cwd));
        const direct = await run(agent, upstream.url, own(agent), play());
        const through = await run(agent, spillway.baseUrl, other(agent), play());
        expect([through.isDone, through.calls]).toEqual([direct.isDone, direct.calls]);
      },
      RUNS_MS,
    );
  });

  test.each(
    named(translated).flatMap(([name, agent]) => [
      [name, 404, agent, "not_found_error", "model: up-model"] as const,
      [name, 413, agent, "request_too_large", "Request exceeds the maximum size"] as const,
    ]),
  )(
    "%s, translated: a provider's %d makes as many calls as directly",
    async (_name, status, agent, type, message) => {
      const play = failing(status, type, message);
      const direct = await run(agent, upstream.url, own(agent), play);
      const through = await run(agent, spillway.baseUrl, other(agent), play);
      expect(through.calls).toBe(direct.calls);
      if (direct.output.includes(message)) expect(through.output).toContain(message);
    },
    RUNS_MS,
  );

  test.each(named(AGENTS.filter(({ name }) => name !== "claude-code")))(
    "%s waits out a brake, and then does its task",
    async (_name, agent) => {
      const brake = { scope: { tenant: "enterprise" }, mode: "block", reason: "The river is too high." };
      const direct = await run(agent, upstream.url, own(agent), codingTask(cwd));
      await spillway.admin("POST", "brakes", { ...brake, publicMessage: "The gates are shut.", expiresInSeconds: 10 });
      const through = await run(agent, spillway.baseUrl, own(agent), codingTask(cwd));
      expect([through.isDone, through.calls]).toEqual([true, direct.calls]);
    },
    RUNS_MS,
  );

  test.skipIf(slowMs === 0)(
    "a model that thinks for minutes is waited for by all of them, once",
    async () => {
      const homes = AGENTS.map((agent) => {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-agent-cwd-"));
        return { agent, folder, prompt: `${PROMPT} (${path.basename(folder)})` };
      });
      upstream.came.splice(0);
      upstream.play = (response, came) => {
        const home = homes.find(({ prompt }) => came.text.includes(prompt)) ?? homes[0];
        codingTask(home?.folder ?? "", { slowMs })(response, came);
      };
      const ran = await Promise.all(
        homes.map(async ({ agent, folder, prompt }) => {
          const place = { baseUrl: spillway.baseUrl, key: spillway.demo.keys.enterprise, model: own(agent) };
          const options = { installed, cwd: folder, prompt, withinMs: WITHIN_MS + 2 * slowMs };
          const { output, note, code } = await runAgent(agent, place, options);
          const calls = upstream.came.filter((came) => hasTools(came) && came.text.includes(prompt)).length;
          fs.rmSync(folder, { recursive: true, force: true });
          return { name: agent.name, code, note, said: output.includes(LAST_WORDS), calls };
        }),
      );
      // Read, edit, run, finish: none of it twice.
      expect(ran).toEqual(homes.map(({ agent }) => ({ name: agent.name, code: 0, note: AFTER, said: true, calls: 4 })));
    },
    WITHIN_MS + 3 * slowMs,
  );
});
