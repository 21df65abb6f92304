import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { run } from "../run.mjs";

// Installs coding agents and other clients once, outside this folder: they take gigabytes and are not our dependencies.
const AGENTS = ["@anthropic-ai/claude-code@2.1.332", "@openai/codex@0.171.0", "opencode-ai@1.18.33"];
/** Steps that npm does not run by itself. */
const SCRIPTS = ["@anthropic-ai/claude-code/install.cjs", "opencode-ai/postinstall.mjs"];
const ZOD = "zod@4.6.7";
/** One folder each, because they need different versions of the same packages. */
const CLIENTS = {
  openai: ["openai@7.59.0"],
  anthropic: ["@anthropic-ai/sdk@1.14.0"],
  "openai-agents": ["@openai/agents@0.20.0", ZOD],
  langchain: ["@langchain/anthropic@1.5.11", "@langchain/openai@1.5.8", "@langchain/core@1.4.0", ZOD],
  "ai-sdk-6": [
    "ai@6.0.326",
    "@ai-sdk/openai@3.0.141",
    "@ai-sdk/anthropic@3.0.137",
    "@ai-sdk/openai-compatible@2.0.87",
    ZOD,
  ],
  "ai-sdk-7": [
    "ai@7.0.173",
    "@ai-sdk/openai@4.0.118",
    "@ai-sdk/anthropic@4.0.105",
    "@ai-sdk/openai-compatible@3.0.92",
    ZOD,
  ],
  instructor: ["@instructor-ai/instructor@1.7.0", "openai@7.59.0", "zod@3"],
  llamaindex: ["llamaindex@0.12.1", "@llamaindex/openai@0.4.23", "@llamaindex/anthropic@0.3.27", ZOD],
  mastra: ["@mastra/core@1.71.0", ZOD],
  genkit: ["genkit@1.42.0", "@genkit-ai/compat-oai@1.42.0"],
  "token-js": ["token.js@0.7.1"],
  "multi-llm": ["multi-llm-ts@5.1.1"],
  huggingface: ["@huggingface/inference@4.13.30"],
  mistral: ["@mistralai/mistralai@2.7.0"],
  groq: ["groq-sdk@1.6.0"],
  // It refuses Node 20, and brings its own.
  promptfoo: ["promptfoo@0.123.1", "node@22.23.3"],
  "qwen-code": ["@qwen-code/qwen-code@0.24.4"],
  continue: ["@continuedev/cli@1.5.47"],
  cline: ["cline@3.0.65"],
};

/** Where the agents are. Ends this process when they cannot be installed. */
export async function installAgents() {
  const folder = process.env.AGENTS_DIR ?? path.join(os.tmpdir(), "spillway-agents");
  if (fs.existsSync(path.join(folder, "node_modules/opencode-ai"))) return folder;
  if (!(await installed(folder, AGENTS))) process.exit(1);
  for (const script of SCRIPTS) await run(process.execPath, [path.join(folder, "node_modules", script)]);
  return folder;
}

/** Where the other clients are. A client that cannot be installed does not stop the others. */
export async function installClients() {
  const folder = process.env.CLIENTS_DIR ?? path.join(os.tmpdir(), "spillway-clients");
  for (const [name, packages] of Object.entries(CLIENTS)) {
    const own = path.join(folder, name);
    if (!fs.existsSync(path.join(own, "node_modules"))) await installed(own, packages);
  }
  return folder;
}

async function installed(folder, packages) {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(
    path.join(folder, "package.json"),
    JSON.stringify({ name: "clients", private: true, type: "module" }),
  );
  return (await run("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", ...packages])) === 0;
}
