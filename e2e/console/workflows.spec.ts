import type { Locator, Page } from "@playwright/test";
import { expect, runsWhenOpen, test } from "./fixture";

test("find the burning tenant, stop it for 15 minutes with a reason, see it stop, lift it: by keyboard alone", async ({
  console: page,
  spillway,
}) => {
  const call = () => spillway.chat(spillway.demo.keys.standard);
  for (let round = 0; round < 20; round++) await call();
  await page.goto("/");
  await expect(page.getByRole("status", { name: "Data is live" })).toBeVisible();
  const began = Date.now();
  let presses = 0;
  const press = async (key: string) => {
    presses += 1;
    await page.keyboard.press(key);
  };
  // The palette finds the tenant by its name and offers to stop it.
  await press("Control+k");
  await expect(page.getByRole("textbox", { name: "Find anything" })).toBeFocused();
  await page.keyboard.type("stop harbour");
  await expect(page.locator("[data-selected]")).toContainText("Stop Harbour Logistics…");
  await press("Enter");
  const dialog = page.getByRole("dialog", { name: "Stop calls" });
  await expect(dialog).toBeVisible();
  await expect(dialog.getByText(/calls per\s+minute of 1 tenant/)).toBeVisible();
  await dialog.getByRole("textbox", { name: "Reason" }).focus();
  await page.keyboard.type("a script runs away");
  await dialog.getByRole("radio", { name: "15 min" }).focus();
  await press("Space");
  await dialog.getByRole("textbox", { name: "Type standard to confirm" }).focus();
  await page.keyboard.type("standard");
  await press("Enter");
  await expect(page.getByRole("alert", { name: "Active brakes" })).toContainText("a script runs away");
  expect((await call()).status).toBe(503);
  await page.getByRole("button", { name: "Lift now: Calls of tenant Harbour Logistics" }).focus();
  await press("Enter");
  await expect(page.getByText("a script runs away")).toHaveCount(0);
  expect((await call()).status).toBe(200);
  const seconds = (Date.now() - began) / 1000;
  process.stdout.write(
    `stopped and lifted by keyboard in ${seconds.toFixed(1)} s with ${presses} keys in addition to typing\n`,
  );
});

test("a tier is changed with a replay of yesterday's calls, published, and rolled back", async ({
  console: page,
  spillway,
}) => {
  const before = await spillway.admin<{ version: number }>("GET", "tiers/enterprise");
  const call = () => spillway.chat(spillway.demo.keys.enterprise);
  for (let round = 0; round < 12; round++) await call();
  await page.goto("/tiers/enterprise");
  const began = Date.now();
  let clicks = 0;
  const click = async (name: string | RegExp, within: Page | Locator = page) => {
    clicks += 1;
    await within.getByRole("button", { name }).click();
  };
  const limit = page.getByRole("textbox", { name: /^Limit of / }).first();
  await limit.fill("5");
  const first = page.getByRole("rowgroup", { name: "requests-per-minute", exact: true });
  await expect(first).toContainText("1 changed");
  await expect(first.getByRole("cell", { name: "was 300" })).toBeVisible();
  await page.getByRole("textbox", { name: "Comment" }).fill("tried in a test");
  await click("Review…");
  const review = page.getByRole("dialog", { name: "Review of Enterprise" });
  await expect(review.getByRole("region", { name: "Changes" })).toContainText(
    "requests-per-minute: 300 requests → 5 requests",
  );
  await expect(review.getByRole("region", { name: "Replay" })).toContainText("with this draft");
  await expect(review.getByRole("row", { name: /^enterprise/ })).toBeVisible();
  await click("Publish now", review);
  await expect(page.getByText(`version ${before.version + 1}`, { exact: true })).toBeVisible();
  const propagation = page.getByRole("status", { name: "Rollout" });
  await expect(propagation).toContainText("In force on 1 of 1 process");
  const versions = page.getByRole("region", { name: "Versions" });
  await expect(versions.getByRole("row", { name: /tried in a test/ })).toContainText("in force");
  // At once, so that none is given back meanwhile.
  const statuses = await Promise.all(Array.from({ length: 6 }, async () => (await call()).status));
  expect(statuses).toContain(429);
  // Back: there is a version before only when one was published, so the first limit is published again.
  await limit.fill("300");
  await click("Publish", page.locator("form"));
  await expect(page.getByText(`version ${before.version + 2}`, { exact: true })).toBeVisible();
  await click(`Restore version ${before.version + 1}…`);
  await expect(page.getByRole("status").filter({ hasText: "is loaded as a draft" })).toBeVisible();
  await expect(limit).toHaveValue("5");
  await click("Drop the draft");
  await expect(limit).toHaveValue("300");
  expect((await call()).status).toBe(200);
  await click(`Restore version ${before.version + 1}…`);
  await click("Review…");
  await click("Publish now", review);
  await expect(page.getByText(`version ${before.version + 3}`, { exact: true })).toBeVisible();
  await expect(limit).toHaveValue("5");
  const seconds = (Date.now() - began) / 1000;
  await expect(first).not.toContainText("was ");
  await first.getByRole("button", { name: "More of requests-per-minute" }).click();
  await first.getByText("History of requests-per-minute").click();
  await expect(first.getByRole("row", { name: /tried in a test/ })).toContainText("5 requests");
  process.stdout.write(`tier changed, published and rolled back in ${seconds.toFixed(1)} s with ${clicks} clicks\n`);
  await spillway.admin("PUT", "tiers/enterprise", { ...before, version: before.version + 3 });
});

test("a tighter limit is watched first: it counts what it would refuse, then replaces the limit it was watched beside", async ({
  console: page,
  spillway,
}) => {
  const before = await spillway.admin<{ version: number }>("GET", "tiers/enterprise");
  const call = (priority: string) =>
    spillway.chat(spillway.demo.keys.enterprise, {}, { headers: { "x-spillway-priority": priority } });
  await page.goto("/tiers/enterprise");
  const form = page.getByRole("rowgroup", { name: "requests-per-minute", exact: true });
  const limit = form.getByRole("textbox", { name: "Limit of requests-per-minute" });
  await limit.fill("1");
  await form.getByRole("button", { name: "More of requests-per-minute" }).click();
  await form.getByRole("switch", { name: /^Only for some calls/ }).click();
  await form.getByRole("combobox", { name: "Priority" }).click();
  await page.getByRole("option", { name: /^Batch/ }).click();
  await page.getByRole("button", { name: "Review…" }).click();
  const review = page.getByRole("dialog", { name: "Review of Enterprise" });
  await expect(review.getByRole("region", { name: "Changes" })).toContainText(
    "for all calls → only priority batch and less urgent",
  );
  await review.getByRole("button", { name: "Watch first" }).click();
  const watched = page.getByRole("region", { name: "Observed, not enforced" });
  await expect(watched).toContainText("requests-per-minute-watched: 0 calls");
  const statuses = [];
  for (const priority of ["batch", "batch", "background", "standard"]) statuses.push((await call(priority)).status);
  expect(statuses).toEqual([200, 200, 200, 200]);
  await expect(watched).toContainText("requests-per-minute-watched: 2 calls (enterprise 2)");
  await watched.getByRole("button", { name: "Load them as a draft" }).click();
  await expect(limit).toHaveValue("1");
  await page.locator("form").getByRole("button", { name: "Publish" }).click();
  await expect(page.getByText(`version ${before.version + 2}`, { exact: true })).toBeVisible();
  await expect(watched).toHaveCount(0);
  await expect.poll(async () => (await call("background")).status).toBe(429);
  expect((await call("interactive")).status).toBe(200);
  await spillway.admin("PUT", "tiers/enterprise", { ...before, version: before.version + 2 });
});

test("a draft is published at its time, and a second one can be withdrawn", async ({ console: page, spillway }) => {
  const before = await spillway.admin<{ version: number; limits: { capacity: number }[] }>("GET", "tiers/free");
  const draft = structuredClone(before);
  const [limit] = draft.limits;
  if (limit !== undefined) limit.capacity += 7;
  const schedule = (seconds: number, comment: string) =>
    spillway.admin("POST", "tiers/free/schedules", {
      publishAt: new Date(Date.now() + seconds * 1000).toISOString(),
      draft: { ...draft, comment },
    });
  // A draft is of the version in force: both are scheduled before the first one is published.
  await schedule(3600, "much later");
  await schedule(5, "soon");
  await page.goto("/tiers/free");
  const versions = page.getByRole("region", { name: "Versions" });
  await expect(versions.getByRole("row", { name: /soon/ })).toContainText("in force");
  await expect(versions).toContainText("much later");
  await versions.getByRole("button", { name: "Withdraw" }).click();
  await expect(versions).toContainText("cancelled");
  const after = await spillway.admin<typeof before>("GET", "tiers/free");
  expect(after.version).toBe(before.version + 1);
  expect(after.limits[0]?.capacity).toBe(limit?.capacity);
  await spillway.admin("PUT", "tiers/free", { ...before, version: after.version });
});

test("two edits of one tier are merged field by field", async ({ console: page, spillway }) => {
  const before = await spillway.admin<{
    version: number;
    limits: { name: string; capacity: number; observe: boolean }[];
  }>("GET", "tiers/free");
  await page.goto("/tiers/free");
  const limit = page.getByRole("textbox", { name: /^Limit of / }).first();
  await limit.fill("77");
  const theirs = structuredClone(before);
  const [first] = theirs.limits;
  if (first !== undefined) first.observe = true;
  await spillway.admin("PUT", "tiers/free", theirs);
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByRole("button", { name: "Merge my changes into the newer version" }).click();
  await expect(page.getByText("There were no conflicts.")).toBeVisible();
  await expect(limit).toHaveValue("77");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await expect(page.getByText(`version ${before.version + 2}`, { exact: true })).toBeVisible();
  const merged = await spillway.admin<typeof before>("GET", "tiers/free");
  expect(merged.limits[0]).toMatchObject({ capacity: 77, observe: true });
  await spillway.admin("PUT", "tiers/free", { ...before, version: merged.version });
});

test("the holder of a key sees on /me what is left and used, why a call was refused, and asks for more", async ({
  console: operator,
  browser,
  spillway,
}) => {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
  const page = runsWhenOpen(await context.newPage());
  await page.goto(`${spillway.baseUrl}/me`);
  const refusal = await spillway.exhaust(spillway.demo.keys.loop, "mia");
  const [refused, refusedId] = [await refusal.text(), refusal.headers.get("x-request-id") ?? ""];
  const began = Date.now();
  await page.getByRole("textbox", { name: "API key" }).fill(spillway.demo.keys.loop);
  await page.getByRole("textbox", { name: "User" }).fill("mia");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByRole("region", { name: "What is left now" })).toContainText("user-requests");
  await page.getByRole("textbox", { name: "Why was my call refused?" }).fill(refused);
  const card = page.getByRole("region", { name: "The refusal" });
  await expect(card).toContainText("Refused by a rate limit");
  await expect(card).toContainText("would have passed");
  const seconds = (Date.now() - began) / 1000;
  process.stdout.write(`a refusal explained on /me in ${seconds.toFixed(1)} s with 1 click\n`);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(
    0,
  );
  // Its request id alone does as well, with the key that made the call.
  await page.getByRole("textbox", { name: "Why was my call refused?" }).fill(refusedId);
  await expect(page.getByRole("region", { name: "All limits at the time of the call" })).toContainText("user-requests");
  await expect(card).toContainText("would have passed");
  const others = await fetch(`${spillway.baseUrl}/v1/refusals/${refusedId}`, {
    headers: { authorization: `Bearer ${spillway.demo.keys.free}` },
  });
  expect(others.status).toBe(404);
  await expect(page.getByRole("region", { name: "By model, last 30 days" })).toContainText("sim-");
  const more = page.getByRole("region", { name: "Request more" });
  await more.getByRole("textbox", { name: "What you need" }).fill("20 more calls a minute,\nuntil Friday");
  await more.getByRole("button", { name: "Send" }).click();
  await expect(more.getByRole("status")).toContainText("Sent");
  type Wishes = { wishes: { tenant: string; wish: string }[] };
  const { wishes } = await spillway.admin<Wishes>("GET", "wishes");
  expect(wishes).toMatchObject([{ tenant: "free", wish: "20 more calls a minute, until Friday" }]);
  await operator.goto("/alerts");
  const asked = operator.getByRole("region", { name: "Requests for more" });
  await expect(asked).toContainText("until Friday");
  await asked.getByRole("button", { name: /^Done/ }).click();
  await expect(asked).toHaveCount(0);
  // Nothing of the key is kept in the browser.
  const kept = await page.evaluate(() =>
    JSON.stringify({ ...localStorage, ...sessionStorage, cookie: document.cookie }),
  );
  expect(kept).not.toContain(spillway.demo.keys.loop.slice(-20));
  await page.getByRole("textbox", { name: "API key" }).fill("sw_test_wrong");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByRole("alert", { name: "Not shown" })).toBeVisible();
  await context.close();
});

test("the palette explains a pasted request id", async ({ console: page, spillway }) => {
  const answer = await spillway.chat(spillway.demo.keys.enterprise);
  expect(answer.status).toBe(200);
  const id = answer.headers.get("x-request-id") ?? "";
  await page.goto("/tenants");
  // The page listens to keys from the moment its figures are live.
  await expect(page.getByRole("status", { name: "Data is live" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.getByRole("textbox", { name: "Find anything" }).fill(`see ${id} please`);
  await page.getByText(`Explain ${id}`).click();
  await expect(page.getByRole("region", { name: "The call" })).toContainText(id);
});

test("brakes are listed with their outcome", async ({ console: page, spillway }) => {
  const order = { scope: { model: "sim-vision" }, mode: "block", reason: "listed on its page", expiresInSeconds: 600 };
  const { id } = await spillway.admin<{ id: string }>("POST", "brakes", order);
  await page.goto("/brakes");
  await expect(page.getByRole("region", { name: "On now", exact: true })).toContainText("listed on its page");
  await page.getByRole("button", { name: `Lift… ${id}` }).click();
  await page.getByRole("button", { name: "Lift it" }).click();
  await expect(page.getByRole("region", { name: "Earlier", exact: true })).toContainText("listed on its page");
  await expect(page.getByRole("region", { name: "On now", exact: true })).not.toContainText("listed on its page");
});

test("a customer's 429 is explained and a boost granted; the next call passes", async ({ console: page, spillway }) => {
  const call = () => spillway.chat(spillway.demo.keys.free);
  // Somebody has set another capacity before: the boost is newer, so it counts.
  const narrow = { tenant: "free", limit: "requests-per-minute", capacity: 3, reason: "their launch is today" };
  await spillway.admin("POST", "overrides", { ...narrow, expiresInSeconds: 600 });
  let refused = "";
  for (let round = 0; round < 10 && refused === ""; round++) {
    const answer = await call();
    if (answer.status === 429) refused = await answer.text();
  }
  expect(refused).toContain("rate_limit_exceeded");
  const began = Date.now();
  let clicks = 0;
  const click = async (target: Locator) => {
    clicks += 1;
    await target.click();
  };
  await page.goto("/requests");
  await page.getByRole("textbox", { name: "Explain a call" }).fill(refused);
  const refusal = page.getByRole("region", { name: "The refusal" });
  await expect(refusal).toContainText("would have passed");
  const origin = page.getByRole("region", { name: "Where this limit is set" });
  await expect(origin).toContainText(/→ override for Fern Street Florist: 3 requests · by .*their launch is today/);
  await expect(origin).toContainText(/tier Free: [\d,]+ requests/);
  const name = /"([a-z-]+-per-minute)"/.exec((await refusal.textContent()) ?? "")?.[1] ?? "";
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("textbox", { name: "Find anything" })).toBeFocused();
  await page.keyboard.type("free");
  await click(page.getByText("tenant free", { exact: true }));
  await expect(page).toHaveURL(/\/tenants\/free$/);
  await click(page.getByRole("button", { name: `Change… ${name} for this tenant` }));
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Limit" }).fill("100000");
  await dialog.getByRole("textbox", { name: "Reason" }).fill("their launch is today");
  await click(dialog.getByRole("button", { name: /in force|Change|Grant|Save/ }).last());
  await expect(dialog).toHaveCount(0);
  expect((await call()).status).toBe(200);
  const seconds = (Date.now() - began) / 1000;
  process.stdout.write(`explained and boosted in ${seconds.toFixed(1)} s with ${clicks} clicks\n`);
  const { overrides } = await spillway.admin<{ overrides: { id: string; reason: string }[] }>("GET", "overrides");
  for (const one of overrides.filter(({ reason }) => reason === "their launch is today"))
    await spillway.admin("DELETE", `overrides/${one.id}`, { reason: "the test is over" });
});

test("a leaked key: revoked, its running calls cut, and its use shown by hour and address", async ({
  console: page,
  spillway,
}) => {
  type Made = { id: string; key: string };
  const { id, key } = await spillway.admin<Made>("POST", "keys", { tenant: "enterprise", name: "Leaking" });
  expect((await spillway.chat(key)).status).toBe(200);
  const began = Date.now();
  await page.goto("/");
  await expect(page.getByRole("status", { name: "Data is live" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("textbox", { name: "Find anything" })).toBeFocused();
  // Whatever part of the key is known finds it.
  await page.keyboard.type(id);
  await page.getByText('key "Leaking" of enterprise').click();
  await page.getByRole("button", { name: "Actions for Leaking" }).click();
  await page.getByRole("menuitem", { name: "Report a leak…" }).click();
  await page.getByRole("textbox", { name: "Reason" }).fill("found in a public repository");
  await page.getByRole("button", { name: "Revoke and cut" }).click();
  await expect(page.getByTestId(`key-${id}`).getByText("revoked", { exact: true })).toBeVisible();
  expect((await spillway.chat(key)).status).toBe(401);
  const use = await spillway.admin<{ rows: { calls: number; address: string }[] }>("GET", `keys/${id}/use`);
  expect(use.rows).toMatchObject([{ calls: 1, address: "127.0.0.1" }]);
  const seconds = (Date.now() - began) / 1000;
  process.stdout.write(`leaked key revoked in ${seconds.toFixed(1)} s with 4 clicks\n`);
});
