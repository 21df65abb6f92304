import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { startEmbeddedPostgres } from "@/db/embedded/postgres";
import { makeLog } from "@/lib/log";
import { openDatabase } from "../client";

/** PostgreSQL's message to a client that comes during its recovery. */
function notYet(): Buffer {
  const fields = ["SFATAL", "VFATAL", "C57P03", "Mthe database system is not yet accepting connections", ""];
  const text = Buffer.from(`${fields.join("\0")}\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(text.byteLength + 4, 1);
  return Buffer.concat([head, text]);
}

/** Says for the first connections that the database is starting, and passes later ones on to it. */
async function startingDatabase(of: string, refusals: number) {
  const { port: portBehind, hostname } = new URL(of);
  let came = 0;
  const server = net.createServer((socket) => {
    came += 1;
    if (came <= refusals) {
      socket.once("data", () => socket.end(notYet()));
      return;
    }
    const behind = net.connect(Number(portBehind), hostname);
    socket.on("error", () => behind.destroy()).pipe(behind);
    behind.on("error", () => socket.destroy()).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { port, came: () => came, close: () => server.close() };
}

test("a start waits for a database that is recovering, and goes on once it answers", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-starting-"));
  const postgres = await startEmbeddedPostgres(folder);
  const starting = await startingDatabase(postgres.url, 3);
  const url = new URL(postgres.url);
  url.port = String(starting.port);
  const opened = await openDatabase({ url: url.href, log: makeLog("silent") });
  await opened.ping();
  expect(starting.came()).toBeGreaterThan(3);
  await opened.close();
  starting.close();
  await postgres.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});
