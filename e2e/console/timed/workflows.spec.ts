import pg from "pg";
import { startEmbeddedPostgres } from "@/db/embedded/postgres";
import { fill } from "../../scale/fill";
import { expect, test } from "../fixture";
import { Hand } from "./hand";

/** What operators do most, each from an open page to the last thing that proves it: `npm run workflows`. */
const CALLS = Number(process.env.CALLS ?? 200_000);

// These acts ask for the password again when it was given more than ten minutes ago.
test.beforeEach(async ({ console: page, spillway }) => {
  const { password } = spillway.demo.admin;
  await page.request.post("/api/admin/confirm", { data: { password }, headers: { origin: spillway.baseUrl } });
});

test("stop the tenant that burns money, and let it call again", async ({ console: page, spillway }) => {
  const call = () => spillway.chat(spillway.demo.keys.standard);
  for (let round = 0; round < 20; round++) await call();
  const hand = new Hand(page);
  await hand.at("/", page.getByRole("status", { name: "Data is live" }));
  const tenants = page.getByRole("region", { name: "Tenants" });
  await hand.click(tenants.getByRole("button", { name: "Stop standard", exact: true }));
  const dialog = page.getByRole("dialog", { name: "Stop calls" });
  await hand.click(dialog.getByRole("button", { name: "Runaway caller" }));
  await hand.fill(dialog.getByRole("textbox", { name: "Type standard to confirm" }), "standard");
  await hand.click(dialog.getByRole("button", { name: "Stop calls of tenant Harbour Logistics" }));
  await expect(page.getByRole("alert", { name: "Active brakes" })).toContainText("Runaway caller");
  expect((await call()).status).toBe(503);
  await hand.click(page.getByRole("button", { name: "Lift now: Calls of tenant Harbour Logistics" }));
  await expect(page.getByText("Runaway caller")).toHaveCount(0);
  expect((await call()).status).toBe(200);
  hand.done("stop the tenant that burns money, and let it call again");
});

test("explain a customer's 429, and give it more room", async ({ console: page, spillway }) => {
  await spillway.admin("POST", "tenants", { slug: "narrow", name: "Narrow", tier: "standard" });
  const { key } = await spillway.admin<{ key: string }>("POST", "keys", { tenant: "narrow", name: "First" });
  const limit = { tenant: "narrow", limit: "requests-per-minute", capacity: 1, reason: "a trial of one" };
  await spillway.admin("POST", "overrides", { ...limit, expiresInSeconds: 600 });
  await spillway.chat(key);
  const refused = await spillway.chat(key);
  expect(refused.status).toBe(429);
  const error = await refused.text();
  const hand = new Hand(page);
  await hand.at("/requests", page.getByRole("textbox", { name: "Explain a call" }));
  await hand.fill(page.getByRole("textbox", { name: "Explain a call" }), error);
  await expect(page.getByRole("region", { name: "The refusal" })).toContainText("would have passed");
  const now = page.getByRole("region", { name: "The same call now" });
  await hand.click(now.getByRole("button", { name: /^Change… requests-per-minute/ }));
  const dialog = page.getByRole("dialog");
  await hand.fill(dialog.getByRole("textbox", { name: "Limit" }), "1000");
  await hand.fill(dialog.getByRole("textbox", { name: "Reason" }), "their launch is today");
  await hand.click(dialog.getByRole("button", { name: /in force|Change|Grant|Save/ }).last());
  await expect(dialog).toHaveCount(0);
  expect((await spillway.chat(key)).status).toBe(200);
  hand.done("explain a customer's 429, and give it more room");
});

test("revoke a leaked key by any part of it", async ({ console: page, spillway }) => {
  const { id, key } = await spillway.admin<{ id: string; key: string }>("POST", "keys", {
    tenant: "enterprise",
    name: "Leaking",
  });
  expect((await spillway.chat(key)).status).toBe(200);
  const hand = new Hand(page);
  await hand.at("/", page.getByRole("status", { name: "Data is live" }));
  await hand.press("Control+k");
  await expect(page.getByRole("textbox", { name: "Find anything" })).toBeFocused();
  await hand.type(id);
  await hand.click(page.getByText('key "Leaking" of enterprise'));
  await hand.click(page.getByRole("button", { name: "Actions for Leaking" }));
  await hand.click(page.getByRole("menuitem", { name: "Report a leak…" }));
  await hand.fill(page.getByRole("textbox", { name: "Reason" }), "found in a public repository");
  await hand.click(page.getByRole("button", { name: "Revoke and cut" }));
  await expect(page.getByTestId(`key-${id}`).getByText("revoked", { exact: true })).toBeVisible();
  expect((await spillway.chat(key)).status).toBe(401);
  hand.done("revoke a leaked key by any part of it");
});

test("tighten a tier's limit after a replay, and take it back", async ({ console: page, spillway }) => {
  const before = await spillway.admin<{ version: number }>("GET", "tiers/enterprise");
  for (let round = 0; round < 12; round++) await spillway.chat(spillway.demo.keys.enterprise);
  const limit = page.getByRole("textbox", { name: /^Limit of / }).first();
  const hand = new Hand(page);
  await hand.at("/tiers/enterprise", limit);
  const review = page.getByRole("dialog", { name: "Review of Enterprise" });
  const version = (by: number) => page.getByText(`version ${before.version + by}`, { exact: true });
  const publish = async (value: string, by: number) => {
    await hand.fill(limit, value);
    await hand.click(page.getByRole("button", { name: "Review…" }));
    await expect(review.getByRole("region", { name: "Replay" })).toContainText("with this draft");
    await hand.click(review.getByRole("button", { name: "Publish now" }));
    await expect(version(by)).toBeVisible();
  };
  await publish("5", 1);
  await publish("300", 2);
  hand.done("tighten a tier's limit after a replay, and take it back");
  await spillway.admin("PUT", "tiers/enterprise", { ...before, version: before.version + 2 });
});

test("add a key for a tenant, and make its first call", async ({ console: page, spillway }) => {
  const hand = new Hand(page);
  await hand.at("/tenants/enterprise", page.getByRole("region", { name: "Keys" }));
  await hand.click(page.getByRole("region", { name: "Keys" }).getByRole("button", { name: "New key" }));
  await hand.fill(page.getByRole("dialog").getByRole("textbox", { name: "Name" }), "Web shop");
  await hand.click(page.getByRole("button", { name: "Create the key" }));
  const key = (await page.getByTestId("new-key").textContent()) ?? "";
  await hand.click(page.getByRole("button", { name: "I have it" }));
  expect((await spillway.chat(key)).status).toBe(200);
  hand.done("add a key for a tenant, and make its first call");
});

test("a month's statement of a tenant, as a file", async ({ console: page, spillway }) => {
  await spillway.chat(spillway.demo.keys.enterprise);
  const hand = new Hand(page);
  await hand.at("/statements", page.getByRole("combobox", { name: "Tenant" }));
  await hand.click(page.getByRole("combobox", { name: "Tenant" }));
  await hand.click(page.getByRole("option", { name: "Northwind Bank" }));
  await hand.click(page.getByText("This month", { exact: true }));
  await expect(page.getByTestId("statement-total")).toContainText("$");
  const download = page.waitForEvent("download");
  await hand.click(page.getByRole("link", { name: "CSV" }));
  expect((await download).suggestedFilename()).toContain("statement-enterprise");
  hand.done("a month's statement of a tenant, as a file");
});

test("a provider fails: take it out, and put it back", async ({ console: page, spillway }) => {
  const hand = new Hand(page);
  await hand.at("/scarcity", page.getByRole("region", { name: "Provider headroom" }));
  const dialog = page.getByRole("dialog");
  const act = async (verb: string, status: number) => {
    await hand.click(page.getByRole("button", { name: `${verb} simulator`, exact: true }).first());
    await hand.fill(dialog.getByRole("textbox", { name: "Reason" }), "its status page is red");
    await hand.click(dialog.getByRole("button", { name: verb }));
    await expect(dialog).toHaveCount(0);
    await expect.poll(async () => (await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(status);
  };
  await act("Take out", 503);
  await act("Put back", 200);
  hand.done("a provider fails: take it out, and put it back");
});

test("which key of which tenant spent the most on a model last Tuesday between 14:00 and 15:00", async ({
  console: page,
  spillway,
}) => {
  test.setTimeout(1_800_000);
  const { from, to } = lastTuesday();
  const endedMinutesAgo = Math.floor((Date.now() - to.getTime()) / 60_000) - 60;
  await fill(spillway.dataDir, { tenants: 200, keysPerTenant: 4, calls: CALLS, hours: 3, endedMinutesAgo });
  const expected = await dearestKey(spillway.dataDir, "sim-large", { from, to });
  const hand = new Hand(page);
  await hand.at("/requests/log", page.getByRole("button", { name: "Custom…" }));
  await hand.click(page.getByRole("button", { name: "Custom…" }));
  const local = (at: Date) => new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  await hand.fill(page.getByLabel("From"), local(from));
  await hand.fill(page.getByLabel("To", { exact: true }), local(to));
  await hand.click(page.getByRole("button", { name: "Apply" }));
  await hand.click(page.getByRole("region", { name: "Narrow the log" }).getByRole("button", { name: /^sim-large/ }));
  await hand.click(page.getByRole("combobox", { name: "Show" }));
  await hand.click(page.getByRole("option", { name: "Sums by API key" }));
  const first = page.getByRole("region", { name: "Sums by API key" }).getByRole("row").nth(1);
  await expect(first).toContainText(expected.key);
  await expect(first).toContainText(expected.tenant);
  hand.done("which key of which tenant spent the most on a model last Tuesday between 14:00 and 15:00");
});

/** 14:00 to 15:00 UTC of the last Tuesday that is over. */
function lastTuesday(): { from: Date; to: Date } {
  const TUESDAY = 2;
  const day = new Date();
  day.setUTCHours(14, 0, 0, 0);
  do day.setUTCDate(day.getUTCDate() - 1);
  while (day.getUTCDay() !== TUESDAY);
  return { from: day, to: new Date(day.getTime() + 3_600_000) };
}

/** From the rows themselves. */
async function dearestKey(dataDir: string, model: string, { from, to }: { from: Date; to: Date }) {
  const { url } = await startEmbeddedPostgres(dataDir);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ key: string; tenant: string }>(
    `select key_id as key, tenants.name as tenant from ledger join tenants on tenants.id = tenant_id
     where admitted_at >= $1 and admitted_at < $2 and served_model = $3
     group by 1, 2 order by sum(cost_micro_usd) desc, count(*) desc, key_id limit 1`,
    [from, to, model],
  );
  await client.end();
  const [first] = rows;
  if (first === undefined) throw new Error("there are no calls in that hour");
  return first;
}
