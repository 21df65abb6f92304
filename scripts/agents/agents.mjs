import { run, tool } from "../run.mjs";
import { installAgents } from "./install.mjs";

// Runs real coding agents through the built gateway: `npm run build`, then `npm run agents`. AGENTS_RECORD=1 writes down again
// what they send; AGENTS_SLOW_SECONDS=125 lets the model think for so long, AGENTS_SHOW=1 prints what they show when a limit is met.
process.env.AGENTS_DIR = await installAgents();
process.exit(
  await run(tool("vitest"), [
    "run",
    "--project",
    "e2e",
    "e2e/agents/real-agents",
    "e2e/agents/troubles",
    "e2e/agents/waiting",
    "e2e/agents/warning",
  ]),
);
