import { run, tool } from "../run.mjs";
import { installAgents, installClients } from "./install.mjs";

// Runs the real clients of docs/agents.md, directly and through the built gateway, and prints the results: `npm run build`,
// then `npm run clients`. The first run installs several gigabytes. A client that cannot be installed is printed as not run.
process.env.AGENTS_DIR = await installAgents();
process.env.CLIENTS_DIR = await installClients();
process.exit(await run(tool("vitest"), ["run", "--project", "e2e", "e2e/clients"]));
