import { roomInWindow } from "../fixtures/process";
import { expect, test } from "./fixture";

/** Denied calls of a kind are one line per minute: with so little of one left, what belongs together would be two lines. */
const LEFT_OF_MINUTE_MS = 10_000;
/** Of a day. */
const BAR_MS = 30 * 60_000;
type Line = {
  readonly kind: string;
  readonly outcome: string;
  readonly status: number;
  readonly count: number;
  readonly endpoint: string;
};
type Made = { readonly id: string; readonly key: string };

test("calls with a leaked key and from a forbidden address are in the log with the others, narrowed by clicks", async ({
  console: page,
  spillway,
}) => {
  await spillway.admin("POST", "tenants", { slug: "logged", name: "Logged", tier: "standard" });
  const make = (more: object) => spillway.admin<Made>("POST", "keys", { tenant: "logged", name: "First", ...more });
  const [leaked, elsewhere, good] = [await make({}), await make({ ipAllow: ["10.0.0.0/8"] }), await make({})];
  await spillway.admin("POST", `keys/${leaked.id}/leaked`, { reason: "found in a repository" });
  await roomInWindow(60_000, LEFT_OF_MINUTE_MS);
  // At once, so that they are of one minute.
  const statuses = (key: string, calls: number) =>
    Promise.all(Array.from({ length: calls }, async () => (await spillway.chat(key)).status));
  expect(await Promise.all([statuses(leaked.key, 5), statuses(elsewhere.key, 3)])).toEqual([
    [401, 401, 401, 401, 401],
    [403, 403, 403],
  ]);
  expect((await spillway.chat(good.key, { model: "no-such-model" })).status).toBe(404);
  const served = await spillway.chat(good.key, { max_tokens: 7 }, { headers: { "x-spillway-user": "ada" } });
  expect(served.status).toBe(200);
  await expect
    .poll(async () => {
      const { requests } = await spillway.admin<{ requests: Line[] }>("GET", "requests?tenant=logged");
      return requests.map(({ kind, outcome, status, endpoint }) => `${kind} ${outcome} ${status} ${endpoint}`).sort();
    })
    .toEqual([
      "denied invalid_api_key 401 chat",
      "denied ip_not_allowed 403 chat",
      "denied model_not_found 404 chat",
      "served complete 200 chat",
    ]);

  await page.goto("/requests");
  await page.getByRole("link", { name: "Log of all tenants" }).click();
  const calls = page.getByRole("region", { name: "Calls", exact: true });
  await expect(calls.getByRole("row", { name: /Logged First .*401 invalid API key × 5/ })).toBeVisible();
  await expect(calls.getByRole("row", { name: /Logged First .*403 ip not allowed × 3/ })).toBeVisible();
  await expect(calls.getByRole("row", { name: /Logged First .*sim-small.*200 complete/ })).toBeVisible();

  const narrow = page.getByRole("region", { name: "Narrow the log" });
  await narrow.getByRole("button", { name: /^Logged/ }).click();
  await narrow.getByRole("button", { name: /^invalid API key 5/ }).click();
  await expect(page).toHaveURL(/tenant=logged/);
  await expect(page.getByRole("button", { name: "Tenant: Logged ×" })).toHaveAttribute("title", "logged");
  await expect(page).toHaveURL(/outcome=invalid_api_key/);
  await expect(calls.getByRole("row", { name: /sim-small/ })).toHaveCount(0);
  // The link alone shows the same, and what is exported is what is shown.
  await page.reload();
  await expect(calls.getByRole("row", { name: /401 invalid API key × 5/ })).toBeVisible();
  const href = (await page.getByRole("link", { name: "JSON" }).getAttribute("href")) ?? "";
  const exported: { requests: Line[] } = await (await page.request.get(href)).json();
  expect(exported.requests).toMatchObject([{ outcome: "invalid_api_key", count: 5, kind: "denied" }]);
  await page.getByRole("button", { name: /Outcome: invalid API key/ }).click();
  await page.getByRole("textbox", { name: "User" }).fill("ada");
  await expect(calls.getByRole("row")).toHaveCount(2);
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("checkbox", { name: "User" }).click();
  await expect(calls.getByRole("row", { name: /ada/ })).toBeVisible();

  await page.goto("/requests/log?tenant=logged&outcome=invalid_api_key");
  await calls
    .getByRole("row", { name: /invalid API key × 5/ })
    .getByRole("link")
    .first()
    .click();
  const denied = page.getByRole("region", { name: "The denied call" });
  await expect(denied).toContainText("The key was revoked or replaced, or its secret is not the one that was issued.");
  await denied.getByRole("link", { name: "Open the key" }).click();
  await expect(page.getByRole("region", { name: "Keys" })).toContainText("revoked");
});

test("dragging over the calls of a time narrows the log to it", async ({ console: page, spillway }) => {
  // The call is of the last bar.
  await roomInWindow(BAR_MS, LEFT_OF_MINUTE_MS);
  await spillway.chat(spillway.demo.keys.enterprise);
  await page.goto("/requests/log");
  const chart = page.getByRole("img", { name: /calls over time/ });
  await expect(chart).toBeVisible();
  const box = await chart.boundingBox();
  if (box === null) throw new Error("the chart has no place");
  const [middle, end, y] = [box.x + box.width / 2, box.x + box.width - 1, box.y + box.height / 2];
  await page.mouse.move(end, y);
  await page.mouse.down();
  // Many moves: some reach React while it is still busy with the one before.
  await page.mouse.move(middle, y, { steps: 60 });
  // A last move, with the release before React has run its update: the release says where the range ends.
  await chart.evaluate(
    (svg, [x, y]) => {
      const at = { bubbles: true, pointerId: 1, clientX: x, clientY: y };
      svg.dispatchEvent(new PointerEvent("pointermove", at));
      svg.dispatchEvent(new PointerEvent("pointerup", at));
    },
    [end, y] as const,
  );
  await page.mouse.up();
  await expect(page).toHaveURL(/from=/);
  const { searchParams } = new URL(page.url());
  const [from, to] = ["from", "to"].map((name) => Date.parse(searchParams.get(name) ?? ""));
  // One bar, or two when a new one has begun meanwhile.
  expect((to ?? 0) - (from ?? 0)).toBeGreaterThan(0);
  expect((to ?? 0) - (from ?? 0)).toBeLessThanOrEqual(2 * BAR_MS);
  await expect(page.getByRole("region", { name: "Calls", exact: true })).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(/log$/);
  await expect(page.getByRole("button", { name: "Any time ×" })).toHaveCount(0);
  await page.goForward();
  await expect(page).toHaveURL(/from=/);
  await expect(page.getByRole("button", { name: "Any time ×" })).toBeVisible();
});

test("a view of the log is saved under a name, and opened again from another one", async ({ console: page }) => {
  await page.goto("/requests/log?kind=refused&range=1h");
  await page.getByRole("button", { name: "Saved views" }).click();
  await page.getByRole("menuitem", { name: "Save this view…" }).click();
  const dialog = page.getByRole("dialog", { name: "Save this view" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("What is refused");
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await page.goto("/requests/log?month=2026-01");
  await expect(page.getByRole("button", { name: "January 2026" })).toBeVisible();
  await page.getByRole("button", { name: "Saved views" }).click();
  await page.getByRole("menuitem", { name: "What is refused", exact: true }).click();
  await expect(page).toHaveURL(/kind=refused&range=1h$/);
  await expect(page.getByRole("button", { name: "Kind: refused" })).toBeVisible();
});

test("a count that is cut says from when on calls are counted", async ({ console: page, spillway }) => {
  expect((await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(200);
  // As with thousands of tenants; only the cut is not real.
  await page.route("**/api/admin/requests/facets*", async (route) => {
    // Not asked whether something has changed: the answer to that may be empty.
    const { "if-none-match": _known, ...headers } = route.request().headers();
    const answer = await (await route.fetch({ headers })).json();
    await route.fulfill({ json: { ...answer, isCut: true, countedFrom: "2026-01-02T03:04:05.000Z" } });
  });
  await page.goto("/requests/log");
  const cut = (name: string) =>
    page.getByRole("region", { name }).getByText(/since .*Jan.*older calls are not counted/);
  await expect(cut("Calls over time")).toBeVisible();
  await expect(cut("Narrow the log")).toBeVisible();
});
