import { expect, test } from "./fixture";

test("an operator is made, signs in and may do what the role says; disabled, their next click leads to sign-in", async ({
  console: page,
  browser,
  spillway,
}) => {
  await page.goto("/staff");
  await page.getByRole("button", { name: "New operator" }).click();
  const dialog = page.getByRole("dialog", { name: "New operator" });
  await dialog.getByRole("textbox", { name: "E-mail" }).fill("Ann@Example.test");
  await dialog.getByRole("textbox", { name: "Name" }).fill("Ann");
  await dialog.getByRole("button", { name: "Create" }).click();
  const password = (await page.getByTestId("new-password").textContent()) ?? "";
  await page.getByRole("button", { name: "I have it" }).click();

  const context = await browser.newContext({ baseURL: spillway.baseUrl });
  const ann = await context.newPage();
  await ann.goto("/");
  await ann.getByRole("textbox", { name: "E-mail" }).fill("ann@example.test");
  await ann.locator("input[name=password]").fill(password);
  await ann.getByRole("button", { name: "Sign in" }).click();
  await expect(ann.getByRole("heading", { name: "Overview" })).toBeVisible();
  // A viewer sees no brake and no staff.
  await expect(ann.getByRole("link", { name: "Staff" })).toHaveCount(0);
  await expect(ann.getByRole("button", { name: "Stop calls…" })).toHaveCount(0);
  expect((await ann.goto("/staff"))?.status()).toBe(404);

  await page.getByRole("button", { name: "Edit… ann@example.test" }).click();
  const edit = page.getByRole("dialog", { name: "Change ann@example.test" });
  await edit.getByRole("combobox", { name: "Role" }).click();
  await page.getByRole("option", { name: /^operator/ }).click();
  await edit.getByRole("button", { name: "Change it" }).click();
  await expect(edit).toHaveCount(0);
  await ann.goto("/");
  await expect(ann.getByRole("button", { name: "Stop calls…" }).filter({ visible: true })).toBeVisible();

  await page.getByRole("button", { name: "Edit… ann@example.test" }).click();
  await edit.getByRole("combobox", { name: "May sign in" }).click();
  await page.getByRole("option", { name: /^no/ }).click();
  await edit.getByRole("button", { name: "Change it" }).click();
  await expect(page.getByRole("row", { name: /ann@example.test/ })).toContainText("disabled");
  await ann.goto("/tenants");
  await expect(ann.getByRole("button", { name: "Sign in" })).toBeVisible();
  await ann.getByRole("textbox", { name: "E-mail" }).fill("ann@example.test");
  await ann.locator("input[name=password]").fill(password);
  await ann.getByRole("button", { name: "Sign in" }).click();
  await expect(ann.getByRole("heading", { name: "Overview" })).toHaveCount(0);
  await context.close();
});

test("the last admin stays one, and nobody changes their own role", async ({ spillway }) => {
  const { staff } = await spillway.admin<{ staff: { id: string; role: string; disabled: boolean }[] }>("GET", "staff");
  const last = staff.find((one) => one.role === "admin" && !one.disabled);
  const answer = await spillway.admin("PATCH", `staff/${last?.id}`, { role: "viewer" }, [409]);
  expect(answer.detail).toContain("last admin");
  await spillway.admin("PATCH", `staff/${last?.id}`, { disabled: true }, [409]);
});
