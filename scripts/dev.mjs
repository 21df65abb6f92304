import { run } from "./run.mjs";

// Builds the server once and starts it with Next in development mode: pages reload as they are edited.
const built = await run(process.execPath, ["scripts/build.mjs", "--server-only"]);
if (built !== 0) process.exit(built);
process.exit(await run(process.execPath, ["scripts/start.mjs", "--dev"], { env: { NODE_ENV: "development" } }));
