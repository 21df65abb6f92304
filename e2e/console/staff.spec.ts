import { codeOfApp } from "../operators/authenticator";
import { expect, runsWhenOpen, test, whenOpened } from "./fixture";

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
  await dialog.getByRole("combobox", { name: "First sign-in" }).click();
  await page.getByRole("option", { name: /first password/ }).click();
  await dialog.getByRole("button", { name: "Create" }).click();
  const password = (await page.getByTestId("new-password").textContent()) ?? "";
  await page.getByRole("button", { name: "I have it" }).click();

  const context = await browser.newContext({ baseURL: spillway.baseUrl });
  const ann = runsWhenOpen(await context.newPage());
  await ann.goto("/");
  await ann.getByRole("textbox", { name: "E-mail" }).fill("ann@example.test");
  await ann.locator("input[name=password]").fill(password);
  await ann.getByRole("button", { name: "Sign in" }).click();
  await expect(ann.getByRole("heading", { name: "Overview" })).toBeVisible();
  // A viewer sees no brake and no staff.
  await expect(ann.getByRole("link", { name: "Staff" })).toHaveCount(0);
  await expect(ann.getByRole("button", { name: "Stop calls…" })).toHaveCount(0);
  expect((await ann.goto("/staff"))?.status()).toBe(404);
  expect((await ann.goto("/config"))?.status()).toBe(404);
  await ann.goto("/tenants/free");
  await expect(ann).toHaveTitle("Fern Street Florist · Spillway");

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

test("an operator of one tenant gets all by a choice of its own, and is offered only what they may stop", async ({
  console: page,
  browser,
  spillway,
}) => {
  const dan = { email: "dan@example.test", name: "Dan", role: "operator", tenants: ["free"] };
  const { password } = await spillway.admin<{ password: string }>("POST", "staff", dan);
  const context = await browser.newContext({ baseURL: spillway.baseUrl });
  const own = runsWhenOpen(await context.newPage());
  const denied: string[] = [];
  own.on("response", (answer) => answer.status() === 403 && denied.push(answer.url()));
  await own.goto("/sign-in?next=/brakes");
  await own.getByRole("textbox", { name: "E-mail" }).fill(dan.email);
  await own.locator("input[name=password]").fill(password);
  await own.getByRole("button", { name: "Sign in" }).click();
  await expect(own.getByRole("heading", { name: "Brakes", level: 1 })).toBeVisible();
  await own.reload();
  await expect(own.getByRole("button", { name: "Drill" })).toHaveCount(0);
  await own.getByRole("button", { name: "Stop calls…" }).click();
  const stop = own.getByRole("dialog", { name: "Stop calls" });
  await expect(stop.getByRole("radiogroup", { name: "What to stop" }).getByRole("radio")).toHaveCount(2);
  await stop.getByRole("button", { name: /^Narrow by/ }).click();
  await expect(stop.getByRole("textbox", { name: "User of the tenant" })).toBeVisible();
  await expect(stop.getByText(/^(Provider|Tier)$/)).toHaveCount(0);
  expect(denied).toEqual([]);
  await context.close();

  await page.goto("/staff");
  await page.getByRole("button", { name: `Edit… ${dan.email}` }).click();
  const edit = page.getByRole("dialog", { name: `Change ${dan.email}` });
  const change = edit.getByRole("button", { name: "Change it" });
  await edit.getByRole("combobox", { name: "These tenants" }).press("Backspace");
  await expect(edit.getByText("Choose one or more.")).toBeVisible();
  await expect(change).toBeDisabled();
  await edit.getByRole("combobox", { name: "Tenants", exact: true }).click();
  await page.getByRole("option", { name: /^all tenants/ }).click();
  await change.click();
  await expect(page.getByRole("row", { name: /dan@example.test/ })).toContainText("all");
});

test("the last admin stays one, and nobody changes their own role", async ({ spillway }) => {
  const { staff } = await spillway.admin<{ staff: { id: string; role: string; disabled: boolean }[] }>("GET", "staff");
  const last = staff.find((one) => one.role === "admin" && !one.disabled);
  const answer = await spillway.admin("PATCH", `staff/${last?.id}`, { role: "viewer" }, [409]);
  expect(answer.detail).toContain("last admin");
  await spillway.admin("PATCH", `staff/${last?.id}`, { disabled: true }, [409]);
});

test("a second operator is invited as a viewer by a link, chooses a password, and changes it later", async ({
  console: page,
  browser,
  spillway,
}) => {
  await page.goto("/staff");
  const began = Date.now();
  await page.getByRole("button", { name: "New operator" }).click();
  const dialog = page.getByRole("dialog", { name: "New operator" });
  await dialog.getByRole("textbox", { name: "E-mail" }).fill("bea@example.test");
  await dialog.getByRole("textbox", { name: "Name" }).fill("Bea");
  await dialog.getByRole("button", { name: "Create" }).click();
  const link = (await page.getByTestId("new-link").textContent()) ?? "";
  await page.getByRole("button", { name: "I have it" }).click();

  const context = await browser.newContext({ baseURL: spillway.baseUrl });
  const bea = runsWhenOpen(await context.newPage());
  await bea.goto(link);
  const choose = async (first: string, again: string) => {
    await bea.locator("input[name=password]").fill(first);
    await bea.locator("input[name=again]").fill(again);
    await bea.getByRole("button", { name: "Set password and sign in" }).click();
  };
  await choose("a quiet harbour", "a quiet harbor");
  await expect(bea.getByRole("alert").filter({ hasText: "differ" })).toBeVisible();
  await choose("a quiet harbour", "a quiet harbour");
  await expect(bea.getByRole("heading", { name: "Overview" })).toBeVisible();
  await expect(bea.getByRole("link", { name: "Staff" })).toHaveCount(0);
  process.stdout.write(`invited, and signed in as a viewer, in ${((Date.now() - began) / 1000).toFixed(1)} s\n`);

  // The link works once, for nobody else.
  await bea.goto("about:blank");
  await bea.goto(link);
  await choose("another password", "another password");
  await expect(bea.getByRole("alert").filter({ hasText: "was already used" })).toBeVisible();

  await bea.goto("/settings");
  const own = bea.getByRole("region", { name: "Your password" });
  const change = async (now: string, next: string) => {
    await own.getByLabel("Current password").fill(now);
    await own.getByLabel(/^New password( \*)?$/).fill(next);
    await own.getByLabel("Repeat the new password").fill(next);
    await own.getByRole("button", { name: "Change password" }).click();
  };
  await change("not the password", "a louder harbour");
  await expect(own.getByRole("alert")).toContainText("The password is wrong.");
  await change("a quiet harbour", "a louder harbour");
  await expect(own.getByRole("status")).toContainText("0 other sessions ended");
  const confirm = async (given: string) => {
    const headers = { origin: spillway.baseUrl };
    return (await bea.request.post("/api/admin/confirm", { data: { password: given }, headers })).status();
  };
  expect([await confirm("a quiet harbour"), await confirm("a louder harbour")]).toEqual([403, 200]);
  await context.close();
});

test("an operator sets an app up by its QR code, and needs it at sign-in and for what is sensitive", async ({
  browser,
  spillway,
}) => {
  const cyd = { email: "cyd@example.test", name: "Cyd", role: "admin" };
  const { password } = await spillway.admin<{ password: string }>("POST", "staff", cyd);
  const context = await browser.newContext({ baseURL: spillway.baseUrl });
  const page = runsWhenOpen(await context.newPage());
  const enter = async (given: string) => {
    await page.goto("/sign-in?next=/settings");
    await page.getByRole("textbox", { name: "E-mail" }).fill(cyd.email);
    await page.locator("input[name=password]").fill(given);
    await page.getByRole("button", { name: "Sign in" }).click();
  };
  await enter(password);
  await whenOpened(page, "/settings");
  const card = page.getByRole("region", { name: "Second factor" });
  await card.getByRole("button", { name: "Set up an app…" }).click();
  const setUp = page.getByRole("dialog", { name: "Set up an authenticator app" });
  await setUp.getByLabel("Your password").fill(password);
  await setUp.getByRole("button", { name: "Go on" }).click();
  await expect(setUp.getByRole("img", { name: "QR code for the authenticator app" })).toBeVisible();
  const secret = ((await setUp.getByTestId("app-secret").textContent()) ?? "").replaceAll(" ", "");
  const uri = `otpauth://totp/Spillway?secret=${secret}`;
  await setUp.getByRole("textbox", { name: "First code from the app" }).fill(codeOfApp(uri));
  await setUp.getByRole("button", { name: "Turn it on" }).click();
  const codes = ((await page.getByTestId("recovery-codes").textContent()) ?? "").split("\n");
  expect(codes).toHaveLength(10);
  await page.getByRole("button", { name: "I have it" }).click();
  await expect(card).toContainText("10 recovery codes left");

  await context.clearCookies();
  await enter(password);
  const code = page.getByRole("textbox", { name: "Code" });
  await code.fill("22222-22222");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "The code is wrong" })).toBeVisible();
  await code.fill(codes[0] ?? "");
  await page.getByRole("button", { name: "Sign in" }).click();
  await whenOpened(page, "/settings");
  await expect(card).toContainText("9 recovery codes left");

  await card.getByRole("button", { name: "Turn it off…" }).click();
  const off = page.getByRole("dialog", { name: "Turn your second factor off" });
  await off.locator("input[type=password]").fill(password);
  await off.getByRole("textbox", { name: "Code" }).fill(codeOfApp(uri, 1));
  await off.getByRole("button", { name: "Turn it off" }).click();
  await expect(card.getByRole("button", { name: "Set up an app…" })).toBeVisible();
  await context.close();
});
