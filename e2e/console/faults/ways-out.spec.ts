import { expect, test } from "../fixture";

const AWAY = {
  status: 503,
  contentType: "application/problem+json",
  body: JSON.stringify({ title: "unavailable", status: 503, detail: "The database cannot be reached." }),
};

test("a list that could not be loaded is not shown as an empty one", async ({ console: page }) => {
  await page.route(/\/api\/admin\//, (route) => route.fulfill(AWAY));
  for (const [path, said] of [
    // None of these comes with its page.
    ["/reconciliation", "The ledger could not be compared"],
    ["/keys", "The keys could not be loaded"],
    ["/staff", "The operators could not be loaded"],
  ] as const) {
    await page.goto(path);
    await expect(page.getByText(said)).toBeVisible();
    await expect(page.locator("#content").getByText(/^No /)).toHaveCount(0);
  }
});

test("figures that came with the page are said to be old when newer ones cannot be read", async ({ console: page }) => {
  const body = JSON.stringify({ title: "unavailable", status: 503, detail: "The database cannot be reached." });
  await page.route(/\/api\/admin\/brakes$/, (route) =>
    route.fulfill({ status: 503, contentType: "application/problem+json", body }),
  );
  await page.goto("/brakes");
  const alert = page.getByRole("alert").filter({ hasText: "The brakes could not be loaded" });
  await expect(alert).toContainText("The figures below are old");
  await expect(alert.getByRole("button", { name: "Try again" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Earlier", exact: true })).toBeVisible();
  await expect(page.getByRole("region", { name: "On now" })).toContainText("None when last read.");
  await expect(page.getByText("No active brakes.")).toHaveCount(0);
});

test("an unknown tenant and an unknown address lead on; the first Tab skips the menu", async ({ console: page }) => {
  await page.goto("/tenants/nobody-at-all");
  await page.getByRole("link", { name: "All tenants" }).click();
  await expect(page.getByRole("heading", { name: "Tenants", level: 1 })).toBeVisible();
  await page.goto("/nowhere-at-all");
  await page.getByRole("link", { name: "Open the console" }).click();
  await expect(page.getByRole("region", { name: "Verdict" })).toBeVisible();
  await page.goto("/settings");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("#content")).toBeFocused();
});

test("a model, a provider and a key are stopped where they are named; the button needs no scrolling", async ({
  console: page,
  spillway,
}) => {
  await page.setViewportSize({ width: 360, height: 740 });
  const dialog = page.getByRole("dialog", { name: "Stop calls" });
  const opens = async (path: string, button: string, name: string, called: string) => {
    await page.goto(path);
    await page.getByRole("button", { name: button, exact: true }).first().click();
    const stop = dialog.getByRole("button", { name: `Stop calls of ${called}` });
    await expect(stop).toBeInViewport({ ratio: 1 });
    await expect(dialog.getByRole("textbox", { name: "Reason" })).toBeFocused();
    await dialog.getByRole("textbox", { name: `Type ${name} to confirm` }).fill(name);
    await dialog.getByRole("textbox", { name: "Reason" }).fill("tried on a phone");
    return stop;
  };
  await opens("/catalog", "Stop model sim-vision", "sim-vision", "model sim-vision");
  const { id, key } = await spillway.admin<{ id: string; key: string }>("POST", "keys", {
    tenant: "enterprise",
    name: "Stopped where it is named",
  });
  const { headers } = await spillway.chat(key);
  await opens(
    `/requests?id=${headers.get("x-request-id")}`,
    "Stop key Stopped where it is named",
    id,
    'key "Stopped where it is named" of Northwind Bank',
  );
  await (await opens("/providers", "Stop provider Simulator", "simulator", "provider Simulator")).click();
  await expect(page.getByRole("alert", { name: "Active brakes" })).toContainText("Calls of provider simulator");
  expect((await spillway.chat(key)).status).toBe(503);
  await page.getByRole("button", { name: "Lift now: Calls of provider simulator" }).click();
  await expect(page.getByText("tried on a phone")).toHaveCount(0);
});
