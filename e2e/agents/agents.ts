import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { endOfGroup } from "../fixtures/process";
import { BEFORE, FILE } from "./brain";

/** Where a coding agent sends its calls. */
export type Place = { readonly baseUrl: string; readonly key: string; readonly model: string };

/** What a run has beside its task. */
export type Extras = {
  /** a program that is an MCP server */
  readonly tools: string;
  readonly picture: string;
};

/** A coding agent from the npm registry, with the settings that its vendor names for a gateway. */
export type Agent = {
  readonly name: string;
  /** below the folder into which the agents were installed */
  readonly binary: string;
  readonly dialect: "openai" | "anthropic";
  /** Whether its endpoint has a way to providers of the other dialect. */
  readonly isTranslated: boolean;
  readonly start: (
    place: Place,
    home: string,
    prompt: string,
    extras: Extras | null,
  ) => {
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
};

export type Run = { readonly code: number | null; readonly output: string; readonly note: string };

const claude: Agent = {
  name: "claude-code",
  binary: "@anthropic-ai/claude-code/bin/claude.exe",
  dialect: "anthropic",
  isTranslated: true,
  // It reads the picture by a tool of its own.
  start: ({ baseUrl, key, model }, _home, prompt, extras) => ({
    args: [
      ...["-p", prompt, "--model", model, "--allowedTools", "Read,Edit,Bash", "--max-turns", "8"],
      ...(extras === null ? [] : ["--strict-mcp-config", "--mcp-config", mcpConfig(extras)]),
    ],
    env: {
      ANTHROPIC_BASE_URL: baseUrl,
      ANTHROPIC_AUTH_TOKEN: key,
      ANTHROPIC_SMALL_FAST_MODEL: model,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
      IS_SANDBOX: "1",
      ENABLE_TOOL_SEARCH: "false",
      // Ten by default, over minutes: whether it retries at all is what a test wants to know.
      CLAUDE_CODE_MAX_RETRIES: "2",
    },
  }),
};

function mcpConfig({ tools }: Extras): string {
  return JSON.stringify({ mcpServers: { gauges: { type: "stdio", command: process.execPath, args: [tools] } } });
}

const codex: Agent = {
  name: "codex",
  binary: "@openai/codex/bin/codex.js",
  dialect: "openai",
  isTranslated: false,
  start: ({ baseUrl, key, model }, home, prompt, extras) => {
    const config = [
      `model = "${model}"`,
      `model_provider = "spillway"`,
      "[model_providers.spillway]",
      `name = "Spillway"`,
      `base_url = "${baseUrl}/v1"`,
      `env_key = "SPILLWAY_KEY"`,
      `wire_api = "responses"`,
      "request_max_retries = 2",
      "stream_max_retries = 2",
      ...(extras === null
        ? []
        : ["[mcp_servers.gauges]", `command = "${process.execPath}"`, `args = ["${extras.tools}"]`]),
    ];
    const picture = extras === null ? [] : ["-i", extras.picture];
    fs.mkdirSync(path.join(home, ".codex"), { recursive: true });
    fs.writeFileSync(path.join(home, ".codex/config.toml"), config.join("\n"));
    return {
      args: ["exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", prompt, ...picture],
      env: { SPILLWAY_KEY: key },
    };
  },
};

function opencode(kind: "anthropic" | "openai" | "openai-compatible"): Agent {
  return {
    name: `opencode, ${kind}`,
    binary: "opencode-ai/bin/opencode.exe",
    dialect: kind === "anthropic" ? "anthropic" : "openai",
    isTranslated: kind !== "openai",
    start: ({ baseUrl, key, model }, home, prompt, extras) => {
      const takes = { attachment: true, modalities: { input: ["text", "image"], output: ["text"] } };
      const provider = {
        npm: `@ai-sdk/${kind}`,
        name: "Spillway",
        options: { baseURL: `${baseUrl}/v1`, apiKey: key },
        models: { [model]: { name: model, limit: { context: 200_000, output: 8000 }, ...takes } },
      };
      const gauges =
        extras === null ? null : { type: "local", command: [process.execPath, extras.tools], enabled: true };
      const mcp = gauges === null ? {} : { mcp: { gauges } };
      const config = { provider: { spillway: provider }, autoupdate: false, share: "disabled", ...mcp };
      fs.mkdirSync(path.join(home, ".config/opencode"), { recursive: true });
      fs.writeFileSync(path.join(home, ".config/opencode/opencode.json"), JSON.stringify(config));
      return {
        args: ["run", "--auto", "-m", `spillway/${model}`, prompt, ...(extras === null ? [] : ["-f", extras.picture])],
        env: { OPENCODE_DISABLE_MODELS_FETCH: "1", OPENCODE_DISABLE_AUTOUPDATE: "1" },
      };
    },
  };
}

export const AGENTS: readonly Agent[] = [
  claude,
  codex,
  opencode("anthropic"),
  opencode("openai"),
  opencode("openai-compatible"),
];

/** Runs an agent in a home and a folder of its own, with one note in it, to its end. */
export async function runAgent(
  agent: Agent,
  place: Place,
  options: {
    readonly installed: string;
    readonly cwd: string;
    readonly prompt: string;
    readonly withinMs: number;
    readonly extras?: Extras;
  },
): Promise<Run> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-agent-home-"));
  const note = path.join(options.cwd, FILE);
  fs.writeFileSync(note, BEFORE);
  const { args, env } = agent.start(place, home, options.prompt, options.extras ?? null);
  const binary = path.join(options.installed, "node_modules", agent.binary);
  const child = spawn(binary, args, {
    cwd: options.cwd,
    // Nothing of ours: what the agent may ask outside goes to a port where nobody listens.
    env: { PATH: process.env.PATH ?? "", HOME: home, NODE_ENV: "production", NO_COLOR: "1", ...NOWHERE, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const code = await endOfGroup(child, options.withinMs);
  const run = { code, output, note: fs.readFileSync(note, "utf8") };
  fs.rmSync(home, { recursive: true, force: true });
  return run;
}

const NOWHERE = { HTTPS_PROXY: "http://127.0.0.1:9", NO_PROXY: "127.0.0.1,localhost" };
