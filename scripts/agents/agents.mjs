import { run, tool } from "../run.mjs";
import { installAgents } from "./install.mjs";

// Runs real coding agents through the built gateway: `npm run build`, then `npm run agents`. AGENTS_RECORD=1 records again
// what they send; AGENTS_SLOW_SECONDS=125 delays the model by that time; AGENTS_SHOW=1 prints their output at a limit.
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
