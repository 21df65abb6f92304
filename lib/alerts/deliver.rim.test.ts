import http from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { OpenDatabase } from "@/db/client";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { insertChannel, insertDeliveries } from "@/db/queries/operators/alerts";
import { systemClock } from "@/lib/clock";
import { makeLog } from "@/lib/log";
import type { ChannelConfig } from "./channels";
import { Deliveries } from "./deliver";

const WAIT = { timeout: 15_000, interval: 20 };
let database: TestDatabase;
let opened: OpenDatabase;
let sql: pg.Client;
let deliveries: Deliveries;

/** Receives everything. Answers all paths but /hangs. */
const got: string[] = [];
const receiver = http.createServer((request, response) => {
  got.push(request.url ?? "");
  if (request.url !== "/hangs") response.end();
});
let url = "";

beforeAll(async () => {
  database = await startTestDatabase();
  opened = database.opened;
  sql = new pg.Client({ connectionString: database.postgres.url });
  await sql.connect();
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const address: AddressInfo | string | null = receiver.address();
  url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
});
beforeEach(async () => {
  got.length = 0;
  await sql.query("truncate alert_channels, alert_deliveries");
  const unseal = (_id: string, text: string) => text;
  deliveries = new Deliveries({ db: opened.db, clock: systemClock, unseal, log: makeLog("silent") });
});
afterEach(() => deliveries.stop());
afterAll(async () => {
  await sql.end();
  await database.close();
  receiver.closeAllConnections();
  receiver.close();
});

async function channel(name: string, config: ChannelConfig): Promise<string> {
  const id = `chn_${name}`;
  await insertChannel(opened.db, { id, name, kind: config.kind, sealed: JSON.stringify(config), shown: name });
  return id;
}

const slack = (name: string, where = `/${name}`) =>
  channel(name, { kind: "slack", url: `${url}${where}`, allowLocal: true });

let serial = 0;
async function due(channelId: string, count: number): Promise<void> {
  const message = { kind: "test", rule: "r", severity: "info", at: "now", findings: [], console: "c" };
  const rows = Array.from({ length: count }, () => ({
    id: `msg_${serial++}`,
    channelId,
    message,
    nextAt: new Date(0),
  }));
  await insertDeliveries(opened.db, rows);
}

const errorOf = async (channelId: string): Promise<string | null> => {
  const { rows } = await sql.query("select last_error from alert_deliveries where channel_id = $1", [channelId]);
  return rows[0]?.last_error ?? null;
};

test("a receiver that hangs delays neither the search for due messages nor the other channels", async () => {
  await due(await slack("hangs"), 50);
  await due(await slack("good"), 3);
  await deliveries.look();
  await vi.waitFor(() => expect(got).toContain("/hangs"), WAIT);
  for (let nth = 1; nth <= 3; nth++)
    await vi.waitFor(async () => {
      await deliveries.look();
      expect(got.filter((one) => one === "/good")).toHaveLength(nth);
    }, WAIT);
  // The one that hangs gets no second message meanwhile.
  expect(got.filter((one) => one === "/hangs")).toHaveLength(1);
});

test("giving up ends the tries under way, and what was given up is due again", async () => {
  const id = await slack("hangs");
  await due(id, 1);
  await deliveries.look();
  await vi.waitFor(() => expect(got).toEqual(["/hangs"]), WAIT);
  await deliveries.stop();
  const { rows } = await sql.query("select next_at > now() as again, delivered_at from alert_deliveries");
  expect(rows).toEqual([{ again: true, delivered_at: null }]);
});

test.each(["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"])(
  "no mail is sent by %s unless the channel may: nothing is connected to",
  async (host) => {
    const config = { kind: "smtp" as const, host, port: Number(new URL(url).port), secure: false };
    const mail = { ...config, from: "a@example.test", to: ["b@example.test"] };
    const id = await channel("mail", { ...mail, allowLocal: false });
    await due(id, 1);
    const connected = vi.fn();
    receiver.once("connection", connected);
    await deliveries.look();
    await vi.waitFor(async () => expect(await errorOf(id)).toBe("the channel's address is not public"), WAIT);
    receiver.off("connection", connected);
    expect(connected).not.toHaveBeenCalled();
  },
);
