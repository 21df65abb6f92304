import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until, zoneFarFromMidnight } from "../fixtures/process";
import { answering, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";
import { speaking } from "./brain";

/** The folder into which `npm run agents` installs them. */
const installed = process.env.AGENTS_DIR ?? "";
/** Claude Code warns in its terminal alone. */
const hasTerminal = spawnSync("tmux", ["-V"]).status === 0;
const SOCKET = `spillway-${process.pid}`;
const SHOWN_MS = 60_000;
const TEST_MS = 4 * SHOWN_MS;
const BUDGET_MICRO_USD = 1_000_000;
/** More than a model's context is no plausible usage. */
const CALL_TOKENS_MAX = 300_000;

describe.skipIf(installed === "" || !hasTerminal)("claude-code warns by itself", () => {
  let spillway: Spillway;
  let upstream: Scripted;
  let home = "";
  let used = 0;
  beforeAll(async () => {
    [spillway, upstream] = await Promise.all([Spillway.run(), Scripted.run()]);
    await upstream.serve(spillway, "up-openai", { coolsDown: false });
    await upstream.serve(spillway, "up-anthropic", { dialect: "anthropic", coolsDown: false });
    // An agent's own calls are so cheap that what it may use fits into what is left.
    await spillway.admin("PUT", "models/up-anthropic", {
      ...{ provider: "up-anthropic", upstreamName: "up-model", contextTokens: 400_000, maxOutputTokens: 65_536 },
      ...{ defaultOutputTokens: 1024, price: { inputMicroUsdPerMillion: 1000, outputMicroUsdPerMillion: 1000 } },
    });
    const budget = { slug: "team", level: "tenant", tenant: "enterprise", period: "month" };
    const amount = { amountMicroUsd: BUDGET_MICRO_USD, timeZone: zoneFarFromMidnight() };
    await spillway.admin("POST", "budgets", { ...budget, ...amount });
    home = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-agent-home-"));
    const project = { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true };
    const settings = { hasCompletedOnboarding: true, theme: "dark", projects: { [home]: project } };
    fs.writeFileSync(path.join(home, ".claude.json"), JSON.stringify(settings));
  });
  afterAll(async () => {
    tmux("kill-server");
    await spillway.stop();
    upstream.stop();
    fs.rmSync(home, { recursive: true, force: true });
  });

  test.each([78, 96])(
    "when %d % of a budget is used",
    async (percent) => {
      await spend((percent / 100) * BUDGET_MICRO_USD - used);
      used = (percent / 100) * BUDGET_MICRO_USD;
      // Its own instructions have tools; a turn of plain words is enough here.
      upstream.play = speaking(() => ({ text: "The river is high." }));
      tmux("new-session", "-d", "-x", "100", "-y", "24", "-c", home, ...claude());
      await until("its prompt", async () => tmux("capture-pane", "-p").includes("❯"), SHOWN_MS);
      tmux("send-keys", "How high is the river?");
      await until("the question", async () => tmux("capture-pane", "-p").includes("How high"), SHOWN_MS);
      tmux("send-keys", "Enter");
      const shown = await until(
        "the warning",
        async () => {
          const screen = tmux("capture-pane", "-p");
          return screen.includes(`You've used ${percent}% of your`) ? screen : null;
        },
        SHOWN_MS,
      );
      if (process.env.AGENTS_SHOW !== undefined) {
        process.stdout.write(`${shown}\n`);
        fs.writeFileSync(path.join(os.tmpdir(), `claude-code-${percent}.txt`), tmux("capture-pane", "-e", "-p"));
      }
      expect(shown).toMatch(/resets/);
      tmux("kill-server");
    },
    TEST_MS,
  );

  /** With a token of this kind it counts as signed in, and looks at what its limits are. */
  function claude(): readonly string[] {
    const binary = path.join(installed, "node_modules/@anthropic-ai/claude-code/bin/claude.exe");
    const env = {
      PATH: process.env.PATH ?? "",
      HOME: home,
      TERM: "xterm-256color",
      ANTHROPIC_BASE_URL: spillway.baseUrl,
      CLAUDE_CODE_OAUTH_TOKEN: spillway.demo.keys.enterprise,
      ANTHROPIC_MODEL: "up-anthropic",
      ANTHROPIC_SMALL_FAST_MODEL: "up-anthropic",
      DISABLE_AUTOUPDATER: "1",
      IS_SANDBOX: "1",
      HTTPS_PROXY: "http://127.0.0.1:9",
      NO_PROXY: "127.0.0.1",
    };
    return ["env", "-i", ...Object.entries(env).map(([name, value]) => `${name}=${value}`), binary];
  }

  /** Costs so many micro-dollars by one call, at $1 a million tokens. */
  async function spend(tokens: number): Promise<void> {
    if (tokens > CALL_TOKENS_MAX) await spend(tokens - CALL_TOKENS_MAX);
    await spendOnce(Math.min(tokens, CALL_TOKENS_MAX));
  }

  async function spendOnce(tokens: number): Promise<void> {
    const usage = { prompt_tokens: tokens, completion_tokens: 0, total_tokens: tokens };
    const choices = [{ index: 0, message: { role: "assistant", content: "" }, finish_reason: "stop" }];
    upstream.play = answering(200, { id: "c", object: "chat.completion", model: "up-model", choices, usage });
    const answer = await spillway.chat(spillway.demo.keys.enterprise, { model: "up-openai", max_tokens: 1 });
    expect(answer.status).toBe(200);
    await answer.text();
  }
});

function tmux(...args: readonly string[]): string {
  const { status, stdout } = spawnSync("tmux", ["-L", SOCKET, ...args], { encoding: "utf8" });
  return status === 0 ? stdout : "";
}
