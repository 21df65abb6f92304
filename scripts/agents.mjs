import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { run, tool } from "./run.mjs";

// Runs real coding agents through the built gateway: `npm run build`, then `npm run agents`. They are installed once, outside
// of this folder, as they take more than a gigabyte. AGENTS_RECORD=1 writes down again what they send; AGENTS_SLOW_SECONDS=125
// lets the model think for so long, AGENTS_SHOW=1 prints what they show when a limit is met.
const AGENTS = ["@anthropic-ai/claude-code@2.1.332", "@openai/codex@0.171.0", "opencode-ai@1.18.33"];
/** What npm does not run by itself. */
const SCRIPTS = ["@anthropic-ai/claude-code/install.cjs", "opencode-ai/postinstall.mjs"];

const folder = process.env.AGENTS_DIR ?? path.join(os.tmpdir(), "spillway-agents");

async function need(command, args) {
  const code = await run(command, args);
  if (code !== 0) process.exit(code);
}

if (!fs.existsSync(path.join(folder, "node_modules/opencode-ai"))) {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "agents", private: true }));
  await need("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", ...AGENTS]);
  for (const script of SCRIPTS) await need(process.execPath, [path.join(folder, "node_modules", script)]);
}
process.env.AGENTS_DIR = folder;
await need(tool("vitest"), ["run", "--project", "e2e", "e2e/agents/real-agents", "e2e/agents/troubles"]);
