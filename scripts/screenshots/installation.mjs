import { spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { bundled, root } from "../run.mjs";
import { furnish, liftEdge, operatorOf, traffic } from "./furnish.mjs";

/** What `many` is filled with. */
const MANY = { tenants: 5000, keysPerTenant: 4, calls: 100_000, hours: 24 };
const TRIES = 1200;
const TRY_MS = 100;

/**
 * Runs `use({ base, demo })` with a server of its own in a temporary folder, and removes both. `data`: the demo, furnished
 * and with calls. `error`: the same; who looks at it fails the API. `empty`: a new installation without the demo.
 * `many`: 5,000 tenants.
 */
export async function withInstallation(state, use) {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-shots-"));
  const tools = await fillTools();
  // An installation that brings its database gets no demo.
  const database = state === "empty" ? await tools.startEmbeddedPostgres(path.join(dataDir, "own")) : null;
  const env = database === null ? {} : { DATABASE_URL: database.url };
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const server = spawn(process.execPath, [path.join(root, "scripts", "start.mjs")], {
    env: { ...process.env, PORT: String(port), DATA_DIR: dataDir, LOG_LEVEL: "error", ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
  // Takes the alerts.
  const receiver = http.createServer((_, answer) => answer.end("ok")).listen(0, "127.0.0.1");
  const ended = new Promise((resolve) => server.once("exit", resolve));
  try {
    await until(async () => (await fetch(`${base}/api/readyz`)).ok, server);
    const file = path.join(dataDir, state === "empty" ? "admin.json" : "demo.json");
    const demo = JSON.parse(fs.readFileSync(file, "utf8"));
    const ask = operatorOf(base, demo);
    // Calls are served before the console.
    await until(() => ask("GET", "overview"), server);
    if (state === "data" || state === "error") {
      await furnish(base, demo, `http://127.0.0.1:${receiver.address().port}`);
      await traffic(base, demo);
    }
    if (state === "many") await fillMany({ base, demo, dataDir, tools, server });
    return await use({ base, demo });
  } finally {
    server.kill("SIGTERM");
    await ended;
    receiver.closeAllConnections();
    receiver.close();
    await database?.stop();
    fs.rmSync(dataDir, { recursive: true, force: true });
  }
}

async function fillMany({ base, demo, dataDir, tools, server }) {
  const ask = operatorOf(base, demo);
  await liftEdge(base, demo);
  await tools.fill(dataDir, MANY);
  await until(async () => (await ask("GET", "overview")).tenantsTotal > MANY.tenants, server);
}

/** The filler is TypeScript: it is bundled like a bench. */
async function fillTools() {
  const contents = 'export * from "./e2e/scale/fill";\nexport { startEmbeddedPostgres } from "./db/embedded/postgres";';
  const outfile = await bundled("screenshots/fill.mjs", { stdin: { contents, resolveDir: root, loader: "ts" } });
  return import(outfile);
}

async function until(ask, server) {
  for (let tries = 0; tries < TRIES && server.exitCode === null; tries++) {
    const answer = await Promise.resolve(ask()).catch(() => false);
    if (answer) return;
    await new Promise((resolve) => setTimeout(resolve, TRY_MS));
  }
  throw new Error("the server did not get there");
}

function freePort() {
  return new Promise((resolve) => {
    const socket = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}
