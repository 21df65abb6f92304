import fs from "node:fs";
import path from "node:path";
import type { Agent } from "../agents/agents";

/** A further coding agent, in a folder of its own below that into which `npm run clients` installs. */
export type CliAgent = Agent & { readonly folder: string; readonly package: string };

const qwen: CliAgent = {
  name: "qwen-code",
  folder: "qwen-code",
  package: "@qwen-code/qwen-code",
  binary: ".bin/qwen",
  dialect: "openai",
  isTranslated: true,
  start: ({ baseUrl, key, model }, _home, prompt) => ({
    args: ["--auth-type", "openai", "-y", "-p", prompt],
    env: { OPENAI_API_KEY: key, OPENAI_BASE_URL: `${baseUrl}/v1`, OPENAI_MODEL: model, QWEN_TELEMETRY_ENABLED: "0" },
  }),
};

const continues: CliAgent = {
  name: "Continue",
  folder: "continue",
  package: "@continuedev/cli",
  binary: ".bin/cn",
  dialect: "openai",
  isTranslated: true,
  start: ({ baseUrl, key, model }, home, prompt) => {
    const config = path.join(home, "config.yaml");
    const models = [`  - name: ${model}`, "    provider: openai", `    model: ${model}`];
    const place = [`    apiBase: ${baseUrl}/v1`, `    apiKey: ${key}`];
    const headers = ["    requestOptions:", "      headers:", '        x-spillway-quota-status: "402"'];
    const lines = ["name: Spillway", "version: 0.0.1", "schema: v1", "models:", ...models, ...place, ...headers];
    fs.writeFileSync(config, `${lines.join("\n")}\n`);
    const env = { CONTINUE_TELEMETRY_ENABLED: "0", CONTINUE_ALLOW_ANONYMOUS_TELEMETRY: "0", FORCE_NO_TTY: "1" };
    return { args: ["--config", config, "--auto", "-p", prompt], env };
  },
};

function cline(provider: "openai-compatible" | "openai-native" | "anthropic"): CliAgent {
  return {
    name: `cline, ${provider}`,
    folder: "cline",
    package: "cline",
    binary: ".bin/cline",
    dialect: provider === "anthropic" ? "anthropic" : "openai",
    // The second one speaks the Responses API.
    isTranslated: provider !== "openai-native",
    start: ({ baseUrl, key, model }, home, prompt) => {
      const settings = { provider, apiKey: key, model, baseUrl: `${baseUrl}/v1` };
      const one = { settings, updatedAt: new Date(0).toISOString(), tokenSource: "manual" };
      const file = path.join(home, ".cline/data/settings/providers.json");
      fs.mkdirSync(path.dirname(file), { recursive: true });
      const all = { version: 1, lastUsedProvider: provider, modes: {}, providers: { [provider]: one } };
      fs.writeFileSync(file, JSON.stringify(all));
      return {
        args: ["--json", prompt],
        env: { CLINE_TELEMETRY_DISABLED: "1", CLINE_NO_AUTO_UPDATE: "1", CLINE_SESSION_BACKEND_MODE: "local" },
      };
    },
  };
}

export const CLI_AGENTS: readonly CliAgent[] = [
  qwen,
  continues,
  cline("openai-compatible"),
  cline("openai-native"),
  cline("anthropic"),
];
