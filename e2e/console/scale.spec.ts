import type { Page } from "@playwright/test";
import { fill } from "../scale/fill";
import { expect, test } from "./fixture";

const TENANTS = 5000;
const KEYS_PER_TENANT = 4;
const NODES_MAX = 3000;
const STREAM_BYTES_PER_MINUTE_MAX = 50_000;
/** Tenants that a page shows at once: the overview's, and a page of the list. */
const ROWS_MAX = 50;
/** Links of the overview that are looked up ahead: those outside the menu and its lists. */
const LOOKS_MAX = 10;

test.beforeAll(async ({ spillway }) => {
  await fill(spillway.dataDir, {
    tenants: TENANTS,
    keysPerTenant: KEYS_PER_TENANT,
    calls: 20_000,
    hours: 2,
    endedMinutesAgo: 8,
  });
  await expect
    .poll(async () => (await spillway.admin<{ tenantsTotal: number }>("GET", "overview")).tenantsTotal)
    .toBeGreaterThan(TENANTS);
});

const nodes = (page: Page) => page.evaluate(() => document.querySelectorAll("*").length);

test(`with ${TENANTS} tenants the overview shows those that need attention, and a bounded page`, async ({
  console: page,
}) => {
  const began = Date.now();
  const looks: string[] = [];
  page.on("request", (request) => request.url().includes("_rsc=") && looks.push(request.url()));
  // Its figures come with it: it need not ask for them.
  await page.route(/\/api\/admin\/(?:overview|providers)/, (route) => route.abort());
  await page.goto("/");
  const tenants = page.getByRole("region", { name: "Tenants" });
  await expect(tenants.getByRole("link", { name: /of [\d,]+ tenants: show all/ })).toBeVisible();
  const ms = Date.now() - began;
  expect(await tenants.getByRole("row").count()).toBeLessThanOrEqual(ROWS_MAX);
  await expect(page.locator(".recharts-surface").first()).toBeVisible();
  const movers = page.getByRole("region", { name: "Top movers" });
  await expect(movers.locator(".mantine-Skeleton-root")).toHaveCount(0);
  process.stdout.write(`overview with ${TENANTS} tenants: ${ms} ms, ${await nodes(page)} nodes\n`);
  expect(await nodes(page)).toBeLessThanOrEqual(NODES_MAX);
  // A hundred links do not each ask for their page.
  expect(looks.length).toBeLessThanOrEqual(LOOKS_MAX);
});

test("the list of tenants comes a page at a time; the server finds the last of them, and the way back works", async ({
  console: page,
}) => {
  await page.goto("/tenants");
  const list = page.getByRole("region", { name: "Tenants" });
  await expect(page.getByText(/5,0\d\d tenants/)).toBeVisible();
  expect(await list.getByRole("row").count()).toBeLessThanOrEqual(ROWS_MAX + 1);
  expect(await nodes(page)).toBeLessThanOrEqual(NODES_MAX);
  await expect(list.getByText("Many 000001", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Next page" }).click();
  await expect(list.getByText("Many 000060", { exact: true })).toBeVisible();
  await page.goBack();
  await expect(list.getByText("Many 000001", { exact: true })).toBeVisible();
  const began = Date.now();
  await page.getByRole("textbox", { name: "Find a tenant" }).fill("many 004999");
  await expect(list.getByText("Many 004999", { exact: true })).toBeVisible();
  await expect(page.getByText("1 found")).toBeVisible();
  process.stdout.write(`found one of ${TENANTS} tenants: ${Date.now() - began} ms\n`);
});

test("the palette knows the last tenant and the last key, and stops a tenant by its name", async ({
  console: page,
}) => {
  await page.goto("/settings");
  await page.getByRole("button", { name: "Find anything" }).click();
  const field = page.getByRole("textbox", { name: "Find anything" });
  await field.fill(`many-${TENANTS}`);
  await expect(page.getByText(`tenant many-${TENANTS}`, { exact: true })).toBeVisible();
  await field.fill(`MANY000${TENANTS * KEYS_PER_TENANT}`);
  await expect(page.getByText(`key "Many key ${TENANTS * KEYS_PER_TENANT}"`)).toBeVisible();
  await field.fill("stop many-4321");
  // The server finds it after the last letter, and Enter takes it.
  await expect(page.locator("[data-selected]")).toContainText("Stop Many 004321");
  await field.press("Enter");
  await expect(page.getByRole("dialog", { name: "Stop calls" })).toContainText("many-4321");
});

test("the stream of an idle page brings what has changed and little else", async ({ spillway }) => {
  const ended = new AbortController();
  const response = await fetch(`${spillway.baseUrl}/api/admin/live`, {
    headers: { authorization: `Bearer ${spillway.demo.operatorToken}` },
    signal: ended.signal,
  });
  const decoder = new TextDecoder();
  let text = "";
  let first = 0;
  const began = Date.now();
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece, { stream: true });
    const end = text.indexOf("\n\n") + 2;
    if (first === 0 && end > 1) first = end;
    // Twelve beats: what comes in so many seconds when nothing happens.
    if (text.split("\n\n").length > 13) break;
  }
  const minutes = (Date.now() - began) / 60_000;
  ended.abort();
  const perMinute = (text.length - first) / minutes;
  process.stdout.write(`live stream: ${first} bytes first, then ${Math.round(perMinute)} bytes per minute\n`);
  expect(first).toBeLessThan(STREAM_BYTES_PER_MINUTE_MAX);
  expect(perMinute).toBeLessThan(STREAM_BYTES_PER_MINUTE_MAX);
});

test("rows stay where they are while the pointer is over them", async ({ console: page, spillway }) => {
  await page.goto("/");
  const rows = page.getByRole("region", { name: "Tenants" }).locator("tbody tr");
  await expect(rows.first()).toBeVisible();
  const names = () => rows.evaluateAll((all) => all.map((row) => row.getAttribute("data-testid")));
  await rows.nth(3).hover();
  const before = await names();
  expect(before.length).toBeGreaterThan(3);
  // Whichever is last: which one is first depends on what other tests have done.
  const last = before.at(-1) ?? "";
  const reason = "a test of the rows' order";
  const { id } = await spillway.admin<{ id: string }>("POST", "brakes", {
    scope: { tenant: last.replace("tenant-", "") },
    mode: "block",
    expiresInSeconds: 600,
    reason,
  });
  await expect(page.getByRole("alert", { name: "Active brakes" })).toContainText(reason);
  expect(await names()).toEqual(before);
  await page.getByRole("heading", { name: "Overview" }).hover();
  await expect(rows.first()).toHaveAttribute("data-testid", last);
  await expect(rows.first()).toContainText("stopped by a brake");
  await spillway.admin("DELETE", `brakes/${id}`, { reason: "the test is over" });
});
