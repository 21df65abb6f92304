import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { type Env, readEnv } from "@/lib/env";
import { BootFault } from "@/lib/errors";
import { reasonOf, tellFault } from "./life/boot-fault";

const { values: args } = parseArgs({
  options: {
    "seed-demo": { type: "boolean", default: false },
    simulator: { type: "boolean", default: false },
    port: { type: "string" },
    dev: { type: "boolean", default: false },
    /** set by the supervisor: the part of the installation that this process is */
    part: { type: "string" },
  },
});

/** Each mode is loaded only when it is used, so a process holds no more code than it runs. */
async function main(): Promise<void> {
  if (args.simulator) return runSimulator(Number(args.port ?? 0));
  loadDotEnv();
  const env = readEnv();
  if (args.part !== undefined) return servePart(env, args.part);
  if (env.hostKind === "serverless" && !args["seed-demo"])
    throw new BootFault(
      "HOST_KIND: `npm start` is a server; serve with `next start` on a serverless host, or set server",
    );
  if (isApart(env)) {
    const { supervise } = await import("./planes/supervisor");
    return supervise(env);
  }
  const { serveWhole } = await import("./boot/serve-whole");
  await serveWhole(env, { seedDemo: args["seed-demo"], isDev: args.dev });
}

function isApart({ planes, plane, door }: Env): boolean {
  return planes === "apart" && plane === "all" && door === "own" && !args.dev && !args["seed-demo"];
}

/** A process of the supervisor reports why it cannot go on. The supervisor does the rest. */
async function servePart(env: Env, part: string): Promise<void> {
  const { listenToParent } = await import("./planes/parent");
  const parent = listenToParent();
  try {
    if (part === "console") await (await import("./planes/serve-console")).serveConsole(env, parent);
    else await (await import("./planes/serve-calls")).serveCalls(env, parent, Number(part));
  } catch (error) {
    await parent.tell({ kind: "fault", text: reasonOf(error) });
    process.exit(1);
  }
}

async function runSimulator(port: number): Promise<void> {
  const { startSimulator } = await import("@/lib/providers/simulator/simulator");
  const simulator = await startSimulator(port);
  process.stdout.write(`simulator listening at ${simulator.url}\n`);
  process.on("SIGTERM", () => void simulator.close().then(() => process.exit(0)));
}

/** Loads `.env` beside package.json, if it exists. The environment itself wins. */
function loadDotEnv(): void {
  const file = path.join(process.cwd(), ".env");
  if (fs.existsSync(file)) process.loadEnvFile(file);
}

main().catch((error: unknown) => {
  tellFault(reasonOf(error));
  process.exit(1);
});
