import { expect, test } from "@playwright/test";
import { Issuer } from "../fixtures/issuer";
import { freePort } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";
import { runsWhenOpen } from "./fixture";

test("an operator signs in by an OpenID Connect issuer, by hand or by a group; nobody else comes in", async ({
  browser,
}) => {
  const port = String(await freePort());
  const client = { id: "spillway", secret: "a secret of at least thirty-two letters" };
  const redirectUri = `http://127.0.0.1:${port}/api/auth/callback/sso`;
  const issuer = await Issuer.run({ ...client, redirectUri });
  const spillway = await Spillway.run({
    PORT: port,
    OIDC_ISSUER: issuer.url,
    OIDC_NAME: "Acme ID",
    OIDC_CLIENT_ID: client.id,
    OIDC_CLIENT_SECRET: client.secret,
    OIDC_SCOPES: "openid email profile groups",
    OIDC_ROLES: "on-call=operator",
    OIDC_TENANTS: '{"on-call": ["free", "made-later"]}',
  });
  await spillway.admin("POST", "staff", { email: "dana@example.test", name: "Dana", role: "operator" });

  const signInAs = async (name: string) => {
    const context = await browser.newContext({ baseURL: spillway.baseUrl });
    const page = runsWhenOpen(await context.newPage());
    await page.goto("/");
    await page.getByRole("button", { name: "Sign in with Acme ID" }).click();
    await page.locator("input[name=login]").fill(name);
    await page.locator("input[name=password]").fill("any");
    await page.locator("button[type=submit]").click();
    await page.getByRole("button", { name: "Continue" }).click();
    return { page, close: () => context.close() };
  };
  const dana = await signInAs("dana@example.test");
  await expect(dana.page.getByRole("heading", { name: "Overview" })).toBeVisible();
  // An operator, as the admin has said: stops calls, and sees no staff.
  await expect(dana.page.getByRole("button", { name: "Stop calls…" }).filter({ visible: true })).toBeVisible();
  await expect(dana.page.getByRole("link", { name: "Staff" })).toHaveCount(0);
  await dana.close();

  // Nobody has made this one: the group gives the role, and the tenants.
  const gina = await signInAs("on-call@example.test");
  await expect(gina.page.getByRole("heading", { name: "Tenants" })).toBeVisible();
  await expect(gina.page.getByRole("link", { name: "Fern Street Florist", exact: true })).toBeVisible();
  await expect(gina.page.getByText("Harbour Logistics")).toHaveCount(0);
  await gina.page.goto("/spend");
  await expect(gina.page.getByText("You see the tenants free, made-later only.")).toBeVisible();
  await gina.page.goto("/tenants/free");
  await expect(gina.page.getByRole("button", { name: "Stop…" })).toBeVisible();
  await gina.close();

  const eve = await signInAs("eve@example.test");
  const told = eve.page.getByRole("alert").filter({ hasText: "none of your groups has a role here" });
  await expect(told).toBeVisible();
  await eve.page.goto("/");
  await expect(eve.page.getByRole("button", { name: "Sign in with Acme ID" })).toBeVisible();
  await eve.close();
  // An address that the issuer has not verified is nobody's.
  await spillway.admin("POST", "staff", { email: "finn@example.test", name: "Finn", role: "admin" });
  const finn = await signInAs("unproven-finn@example.test");
  await expect(finn.page.getByRole("alert").filter({ hasText: /\S/ })).toBeVisible();
  await finn.page.goto("/");
  await expect(finn.page.getByRole("button", { name: "Sign in with Acme ID" })).toBeVisible();
  await finn.close();
  // Each of them is in the audit log: who came in by name, who did not as nobody.
  type Audit = { rows: { actor: string; action: string; target: string }[] };
  const { rows } = await spillway.admin<Audit>("GET", "audit?limit=100");
  const access = rows.filter(({ action }) => action.startsWith("access.sign-in")).reverse();
  expect(access.map(({ actor, action, target }) => [actor, action, target])).toEqual([
    ["dana@example.test", "access.sign-in", "dana@example.test"],
    ["on-call@example.test", "access.sign-in", "on-call@example.test"],
    ["nobody", "access.sign-in-failed", "eve@example.test"],
    ["nobody", "access.sign-in-failed", "single sign-on"],
  ]);
  const { staff } = await spillway.admin<{ staff: { email: string }[] }>("GET", "staff");
  expect(staff.map(({ email }) => email)).not.toContain("eve@example.test");
  expect(staff.find(({ email }) => email.startsWith("on-call"))).toMatchObject({
    role: "operator",
    roleFrom: "groups",
    tenants: ["free", "made-later"],
  });

  // With the issuer away the password still opens the door.
  await issuer.stop();
  const context = await browser.newContext({ baseURL: spillway.baseUrl });
  const page = runsWhenOpen(await context.newPage());
  await page.goto("/");
  await page.getByRole("textbox", { name: "E-mail" }).fill(spillway.demo.admin.email);
  await page.locator("input[name=password]").fill(spillway.demo.admin.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await context.close();
  await spillway.stop();
});
