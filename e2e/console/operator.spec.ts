import { expect, ofOneDay, runsWhenOpen, signIn, test } from "./fixture";

test("nobody sees the console without signing in, and a wrong password says so", async ({ page: plain, spillway }) => {
  const page = runsWhenOpen(plain);
  await page.goto(`${spillway.baseUrl}/tiers`);
  await expect(page).toHaveURL(/\/sign-in/);
  await signIn(page, spillway, "not the password at all");
  await expect(page.getByRole("alert").filter({ hasText: "is wrong" })).toBeVisible();
  const api = await page.request.get(`${spillway.baseUrl}/api/admin/overview`);
  expect(api.status()).toBe(401);
  const signUp = await page.request.post(`${spillway.baseUrl}/api/auth/sign-up/email`, {
    headers: { origin: spillway.baseUrl },
    data: { email: "eve@example.test", password: "a long enough password", name: "Eve" },
  });
  expect(signUp.ok()).toBe(false);
});

test("the numbers move while calls run", async ({ console: page, spillway }) => {
  await ofOneDay();
  await page.goto("/");
  const calls = page.getByRole("region", { name: "Calls", exact: true });
  await expect(calls).toBeVisible();
  // Today's count only grows; calls per minute also lose those of a minute ago.
  const today = async () => Number(/([\d,]+) today/.exec((await calls.textContent()) ?? "")?.[1]?.replaceAll(",", ""));
  const before = await today();
  for (let call = 0; call < 5; call++) expect((await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(200);
  await expect.poll(today).toBeGreaterThanOrEqual(before + 5);
  await expect(page.getByTestId("kpi-Spend today")).not.toHaveText("$0.00");
  await expect(page.getByRole("region", { name: "Calls", exact: true })).toContainText("admitted/min");
  await page.getByRole("switch", { name: "Compare with yesterday" }).click();
  const decisions = page.getByRole("region", { name: "Decisions per minute" });
  await expect(decisions).toContainText("all calls in the same hour yesterday, 0 in total");
  await expect(page.getByTestId("tenant-enterprise")).toContainText(
    /of 300 requests|of 50 at once|of 1,000,000 tokens/,
  );
});

test("pull the brake for one tenant, see it refused with the reason while others pass, lift, and it passes again", async ({
  console: page,
  spillway,
}) => {
  const { enterprise, standard } = spillway.demo.keys;
  await page.goto("/");
  await page.getByRole("button", { name: "Stop standard" }).click();
  const dialog = page.getByRole("dialog", { name: "Stop calls" });
  const press = dialog.getByRole("button", { name: "Stop calls of tenant Harbour Logistics" });
  await dialog.getByRole("textbox", { name: /Reason/ }).fill("Runaway script at Harbour");
  await expect(press).toBeDisabled();
  await dialog.getByText("15 min").click();
  await dialog.getByRole("textbox", { name: "Type standard to confirm" }).fill("standard");
  await press.click();
  const banner = page.getByRole("alert", { name: "Active brakes" });
  await expect(banner).toContainText("Calls of tenant Harbour Logistics are stopped");
  await expect(banner).toContainText("Runaway script at Harbour");

  const refused = await spillway.chat(standard);
  expect(refused.status).toBe(503);
  expect((await refused.json()).error).toMatchObject({
    code: "kill_switch_active",
    reason: "Runaway script at Harbour",
  });
  expect((await spillway.chat(enterprise)).status).toBe(200);

  await page.getByRole("link", { name: "Tiers" }).click();
  await expect(page.getByRole("heading", { name: "Tiers" })).toBeVisible();
  await expect(banner).toBeVisible();
  await banner.getByRole("button", { name: "Lift now" }).click();
  await expect(banner).toBeHidden();
  expect((await spillway.chat(standard)).status).toBe(200);
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByRole("region", { name: "Refused by layer" })).toContainText("Stopped by a brake");
  // The brake was set and lifted: both are new until the first look, and the badge says so in words too.
  await page.getByRole("button", { name: /^Notifications, \d+ new$/ }).click();
  await expect(page.getByTestId("news")).toHaveCount(0);
  const happened = page.getByRole("dialog", { name: "Notifications" }).getByRole("listitem");
  await expect(happened.filter({ hasText: /Brake lifted by .*new$/ }).first()).toBeVisible();
  await happened
    .getByRole("link", { name: /^Brake set by/ })
    .first()
    .click();
  await expect(page).toHaveURL(/\/brakes$/);
  await page.getByRole("button", { name: "Notifications" }).click();
  await expect(happened.filter({ hasText: /Brake set by/ }).first()).not.toContainText("new");
});

test("edit a tier's requests per hour, and the next call obeys", async ({ console: page, spillway }) => {
  // Per hour: what is used still is when the edit is published, however slow the page is.
  const layer = { name: "requests-per-hour", layer: "tenant", dimension: "requests", algorithm: "token_bucket" };
  const limits = [{ ...layer, capacity: 10, windowSeconds: 3600 }];
  await spillway.admin("POST", "tiers", { slug: "hourly", name: "Hourly", limits });
  await spillway.admin("POST", "tenants", { slug: "hourly", name: "Hourly", tier: "hourly" });
  const { key } = await spillway.admin<{ key: string }>("POST", "keys", { tenant: "hourly", name: "First" });
  for (let call = 0; call < 2; call++) expect((await spillway.chat(key)).status).toBe(200);
  await page.goto("/tiers");
  await page.getByRole("link", { name: "Edit Hourly" }).click();
  const limit = page.getByRole("textbox", { name: "Limit of requests-per-hour" });
  await limit.fill("1");
  await page.getByRole("textbox", { name: "Comment" }).fill("tried in a test");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByText("version 2", { exact: true })).toBeVisible();
  const refused = await spillway.chat(key);
  expect(refused.status).toBe(429);
  expect((await refused.json()).error).toMatchObject({ limit: 1, limit_name: "requests-per-hour" });

  await limit.fill("1000");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByText("version 3", { exact: true })).toBeVisible();
  expect((await spillway.chat(key)).status).toBe(200);
});

test("two operators edit the same tier: the second one sees it, and loses nothing silently", async ({
  console: page,
  spillway,
}) => {
  await page.goto("/tiers/enterprise");
  const limit = page.getByRole("textbox", { name: "Limit of requests-per-minute" });
  await expect(limit).toBeVisible();
  const current = await spillway.admin<{ version: number }>("GET", "tiers/enterprise");
  await spillway.admin("PUT", "tiers/enterprise", current);
  await limit.fill("123");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "Another operator published" })).toBeVisible();
  await page.getByRole("button", { name: /Load the newer version/ }).click();
  await expect(page.getByText(`version ${current.version + 1}`, { exact: true })).toBeVisible();
});

test("a limit can be added and removed in the browser", async ({ console: page, spillway }) => {
  await page.goto("/tiers/standard");
  await page.getByRole("button", { name: "Add a limit" }).click();
  await expect(page.getByRole("textbox", { name: "Name of the new limit" })).toBeFocused();
  await page.keyboard.type("input-per-hour");
  const named = page.getByRole("rowgroup", { name: "input-per-hour" });
  await expect(named).toContainText("new");
  await named.getByRole("combobox", { name: "Of what" }).selectOption("Input tokens");
  await named.getByRole("textbox", { name: "Window" }).fill("3600");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByText("version 2", { exact: true })).toBeVisible();
  const quota = await spillway.quota(spillway.demo.keys.standard);
  expect(quota.find((line) => line.name === "input-per-hour")).toMatchObject({ dimension: "input_tokens", limit: 60 });
  await page.getByRole("button", { name: "Remove input-per-hour" }).click();
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByText("version 3", { exact: true })).toBeVisible();
  expect((await spillway.quota(spillway.demo.keys.standard)).map((line) => line.name)).not.toContain("input-per-hour");
});

test("each changed cell of a tier's limits is marked with its former value, counted, and taken back by itself", async ({
  console: page,
  spillway,
}) => {
  const before = await spillway.admin<{ version: number; limits: object[] }>("GET", "tiers/enterprise");
  await page.goto("/tiers/enterprise");
  const cell = (name: string) => page.getByRole("cell").filter({ has: page.getByLabel(name, { exact: true }) });
  const bar = page.getByRole("status", { name: "Changes" });
  const capacity = page.getByLabel("Limit of requests-per-minute", { exact: true });
  const away = page.getByLabel("Store away of tokens-per-minute", { exact: true });
  const version = (by: number) => page.getByText(`version ${before.version + by}`, { exact: true });
  await capacity.fill("250");
  await away.selectOption("closed: refuse");
  await expect(cell("Limit of requests-per-minute")).toContainText("was 300");
  await expect(capacity).toHaveAccessibleDescription("was 300");
  await expect(cell("Store away of tokens-per-minute")).toContainText("was local: share");
  await expect(bar).toHaveText("2 changes");
  await page.getByRole("button", { name: "Undo: Store away of tokens-per-minute" }).click();
  await expect(away).toHaveValue("local");
  await expect(away).toBeFocused();
  await expect(bar).toHaveText("1 change");
  await page.getByRole("button", { name: "Remove concurrent-calls" }).click();
  await expect(page.getByRole("rowgroup", { name: "concurrent-calls" })).toContainText("removed");
  await page.getByRole("button", { name: "Keep concurrent-calls" }).click();
  // Enter goes to the next limit and publishes nothing; a wrong value says what is allowed, and nothing is sent.
  await capacity.fill("");
  await capacity.press("Enter");
  await expect(page.getByLabel("Limit of tokens-per-minute", { exact: true })).toBeFocused();
  await expect(cell("Limit of requests-per-minute")).toContainText("A whole number, 0 or more");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await expect(capacity).toBeFocused();
  await expect(bar).toContainText("1 value to correct");
  await capacity.fill("250");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await expect(version(1)).toBeVisible();
  const published = await spillway.admin<typeof before>("GET", "tiers/enterprise");
  expect(published.limits).toEqual(before.limits.map((one, index) => (index === 0 ? { ...one, capacity: 250 } : one)));
  await spillway.admin("PUT", "tiers/enterprise", { ...before, version: before.version + 1 });
});

test("changes are taken from our own pages only", async ({ console: page, spillway }) => {
  await page.goto("/");
  const body = { scope: {}, mode: "block", reason: "from another site", expiresInSeconds: 60 };
  for (const origin of ["https://evil.test", "null"]) {
    const answer = await page.request.post(`${spillway.baseUrl}/api/admin/brakes`, { headers: { origin }, data: body });
    expect(answer.status()).toBe(403);
  }
  const form = await page.request.post(`${spillway.baseUrl}/api/admin/brakes`, {
    headers: { origin: spillway.baseUrl },
    form: { reason: "a form post" },
  });
  expect(form.status()).toBe(415);
  expect((await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(200);
});

test("signing out ends the session", async ({ browser, spillway }) => {
  const page = runsWhenOpen(await (await browser.newContext()).newPage());
  await signIn(page, spillway);
  // A button is there before its page runs: only then does a click open the menu.
  await expect(page.getByRole("status", { name: "Data is live" })).toBeVisible();
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  expect((await page.request.get(`${spillway.baseUrl}/api/admin/overview`)).status()).toBe(401);
});

test("changes of a tier that are not published survive a visit to another page, and can be dropped", async ({
  console: page,
}) => {
  await page.goto("/tiers/free");
  const capacity = page.getByRole("textbox", { name: /^Limit of / }).first();
  const before = await capacity.inputValue();
  await capacity.fill("77");
  await page.getByRole("link", { name: "Spend", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Spend", level: 1 })).toBeVisible();
  await page.getByRole("link", { name: "Tiers", exact: true }).click();
  await page.getByRole("link", { name: "Edit Free" }).click();
  await expect(page.getByRole("status", { name: "A draft" })).toContainText("unpublished changes");
  await expect(capacity).toHaveValue("77");
  await page.getByRole("button", { name: "Drop the draft" }).click();
  await expect(capacity).toHaveValue(before);
  await expect(page.getByRole("button", { name: "Drop the draft" })).toHaveCount(0);
});

test("unpublished limits for everyone survive a visit to another page too", async ({ console: page, spillway }) => {
  await page.goto("/everyone");
  const { version } = await spillway.admin<{ version: number }>("GET", "everyone");
  await page.getByRole("button", { name: "Add a limit" }).click();
  const name = page.getByRole("textbox", { name: /^Name of / }).last();
  await name.fill("from-one-address");
  await page.getByRole("link", { name: "Spend", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Spend", level: 1 })).toBeVisible();
  await page.getByRole("link", { name: "For everyone", exact: true }).click();
  await expect(name).toHaveValue("from-one-address");
  await page.getByRole("button", { name: "Discard" }).click();
  await expect(page.getByRole("button", { name: "Discard" })).toHaveCount(0);
  expect((await spillway.admin<{ version: number }>("GET", "everyone")).version).toBe(version);
});

test("the overview says in one line whether something needs attention, since when, and where to look", async ({
  console: page,
  spillway,
}) => {
  await page.goto("/");
  const verdict = page.getByRole("region", { name: "Verdict" });
  await expect(verdict).toBeVisible();
  const { id } = await spillway.admin<{ id: string }>("POST", "brakes", {
    scope: { model: "sim-vision" },
    mode: "block",
    reason: "for the verdict",
    expiresInSeconds: 600,
  });
  await expect(verdict).toContainText(/A brake is on since \d\d:\d\d/);
  await verdict.getByRole("link", { name: "A brake is on" }).click();
  await expect(page.getByRole("heading", { name: "Brakes", level: 1 })).toBeVisible();
  await spillway.admin("DELETE", `brakes/${id}`, {});
});

test("a minute of the overview's chart leads to its calls, and who moved since yesterday leads to theirs", async ({
  console: page,
  spillway,
}) => {
  await page.goto("/");
  await expect(page.getByRole("status", { name: "Data is live" })).toBeVisible();
  expect((await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(200);
  const chart = page.getByRole("region", { name: "Decisions per minute" });
  await expect(chart.locator(".recharts-bar-rectangle rect").first()).toBeAttached();
  // A place, not a bar: bars are drawn again whenever a figure comes.
  const plot = chart.locator(".recharts-cartesian-grid");
  await plot.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await plot.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.click(x + width / 2 + 1, y + height / 2);
  await expect(page).toHaveURL(/\/requests\/log\?from=[^&]+&to=[^&]+$/);
  const { searchParams } = new URL(page.url());
  const length = Date.parse(searchParams.get("to") ?? "") - Date.parse(searchParams.get("from") ?? "");
  expect(length).toBe(60_000);
  await expect(page.getByRole("button", { name: "Any time ×" })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("region", { name: "Top movers" })).toContainText("Refused calls");
});

test("refusals of many layers are all readable, and nothing of them is cut off", async ({
  console: page,
  spillway,
}) => {
  const layers = ["tenant", "user", "key", "endpoint", "feature", "session", "agent"];
  const headers = {
    "x-spillway-user": "u",
    "x-spillway-feature": "f",
    "x-spillway-session": "s",
    "x-spillway-agent": "a",
  };
  for (const layer of layers) {
    const slug = `layer-${layer}`;
    const limit = {
      name: "none",
      layer,
      dimension: "requests",
      algorithm: "token_bucket",
      capacity: 0,
      windowSeconds: 60,
    };
    await spillway.admin("POST", "tiers", { slug, name: slug, limits: [limit] });
    await spillway.admin("POST", "tenants", { slug, name: slug, tier: slug });
    const { key } = await spillway.admin<{ key: string }>("POST", "keys", { tenant: slug, name: slug });
    expect((await spillway.chat(key, {}, { headers })).status).toBeGreaterThanOrEqual(400);
  }
  for (const width of [1440, 360]) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto("/");
    const card = page.getByRole("region", { name: "Refused by layer" });
    await expect(card.getByRole("progressbar")).toHaveCount(6);
    await expect(card.getByRole("link", { name: /^[\d,]+ calls? by others$/ })).toBeVisible();
    expect(await card.evaluate((one) => one.scrollHeight - one.clientHeight)).toBe(0);
  }
});
