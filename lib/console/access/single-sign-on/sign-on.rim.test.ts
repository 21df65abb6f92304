import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { auditAfter } from "@/db/queries/operators/audit";
import { findStaffByEmail } from "@/db/queries/operators/staff";
import { ADDRESS_HEADER } from "../../kernel/address-header";
import { type ConsoleContext, setCurrentConsole } from "../../kernel/context";
import { sessionActor } from "../../kernel/door";
import { BREAK_GLASS_EMAIL } from "../auth";
import { authDoor } from "../auth-door";
import { breakGlass } from "../break-glass";
import { testConsole } from "../console.suite";
import { inviteAgain } from "../invitations";
import { editStaff, resetPassword } from "../staff";
import type { Oidc } from "./groups";
import { WrittenIssuer } from "./issuer.suite";

const ACTOR = { name: "ann@example.test", role: "admin" as const, tenants: null, address: "127.0.0.1", session: null };
let database: TestDatabase;
let issuer: WrittenIssuer;
let context: ConsoleContext;
let oidc: Oidc;

beforeAll(async () => {
  [database, issuer] = await Promise.all([startTestDatabase({ demoAt: Date.now() }), WrittenIssuer.run()]);
  const roles = [
    { group: "watchers", role: "viewer" as const },
    { group: "on call", role: "operator" as const },
    { group: "chiefs", role: "admin" as const },
  ];
  oidc = {
    ...{ issuer: issuer.url, clientId: "client", clientSecret: "secret", scopes: ["openid"] },
    groups: { claim: "groups", roles, otherwise: null, tenants: null },
  };
  context = await testConsole(database, { startedMs: Date.now(), oidc });
  // Never the last admin: that one cannot be changed.
  const body = { email: ACTOR.name, name: "Ann", password: "a long enough one", role: ACTOR.role };
  await context.auth.api.createUser({ body });
});
afterAll(async () => {
  await issuer.stop();
  await database.close();
});

let signIns = 0;

/** Signs a person in by the issuer, through the door; a refusal has its code. */
async function signIn(next: WrittenIssuer["next"], at = context) {
  setCurrentConsole(at);
  issuer.next = next;
  // Each from an own address: the library limits the tries of one.
  signIns += 1;
  const address = { [ADDRESS_HEADER]: `10.0.0.${signIns}` };
  const paths = { callbackURL: "/", errorCallbackURL: "/sign-in" };
  const begun = await authDoor(
    new Request("http://localhost/api/auth/sign-in/social", {
      method: "POST",
      headers: { "content-type": "application/json", origin: "http://localhost", ...address },
      body: JSON.stringify({ provider: "sso", ...paths }),
    }),
  );
  const { url }: { url: string } = await begun.json();
  const { searchParams: asked } = new URL(url);
  issuer.nonce = asked.get("nonce") ?? "";
  const back = `http://localhost/api/auth/callback/sso?code=c&state=${asked.get("state")}`;
  const answer = await authDoor(new Request(back, { headers: { cookie: cookiesOf(begun), ...address } }));
  const headers = new Headers({ cookie: cookiesOf(answer) });
  const actor = await sessionActor(at, headers);
  const fault = new URL(answer.headers.get("location") ?? "/", "http://localhost").searchParams.get("error");
  return {
    role: actor?.role ?? null,
    tenants: actor?.tenants,
    fault,
    now: async () => (await sessionActor(at, headers))?.role ?? null,
    tenantsNow: async () => (await sessionActor(at, headers))?.tenants,
  };
}

const cookiesOf = (answer: Response) =>
  answer.headers
    .getSetCookie()
    .map((one) => one.split(";")[0])
    .join("; ");

let people = 0;
/** A person whom the issuer knows and nobody here does. */
function person(groups: unknown) {
  people += 1;
  const name = `p${people}`;
  return { sub: `sub-${name}`, email: `${name}@example.test`, email_verified: true, name, groups };
}
async function audited(email: string) {
  const rows = await auditAfter(database.opened.db, { after: 0, limit: 10_000 });
  return rows.filter(({ target }) => target === email);
}

describe("groups give the role", () => {
  test("a person in a listed group is an operator from the first sign-in on; the audit log says by which group", async () => {
    const claims = person(["sales", "watchers", "on call"]);
    expect(await signIn({ claims })).toMatchObject({ role: "operator", fault: null });
    const rows = await audited(claims.email);
    expect(rows.map(({ action, actor, reason }) => [action, actor, reason])).toEqual([
      ["staff.create", "single sign-on", 'group "on call" of the claim groups'],
      ["access.sign-in", claims.email, null],
    ]);
    expect(await signIn({ claims })).toMatchObject({ role: "operator" });
    expect(await audited(claims.email)).toHaveLength(3);
  });

  test("each sign-in reads the groups again; open sessions have the new role, and end when no group is left", async () => {
    const claims = person(["chiefs"]);
    const first = await signIn({ claims });
    expect(first.role).toBe("admin");
    expect(await signIn({ claims: { ...claims, groups: ["watchers"] } })).toMatchObject({ role: "viewer" });
    expect(await first.now()).toBe("viewer");
    const gone = { claims: { ...claims, groups: ["sales"] } };
    expect(await signIn(gone)).toMatchObject({ role: null, fault: "no_group" });
    expect(await first.now()).toBeNull();
    await signIn(gone);
    const changes = (await audited(claims.email)).filter(({ action }) => action === "staff.role-by-groups");
    expect(changes.map(({ before, after }) => [before, after])).toEqual([
      [{ role: "admin" }, { role: "viewer" }],
      [
        { role: "viewer", sessions: 2 },
        { role: null, sessions: 0 },
      ],
    ]);
    expect(await signIn({ claims: { ...claims, groups: ["on call"] } })).toMatchObject({ role: "operator" });
  });

  test("a role by hand stays, whatever the groups say, until an admin hands it over", async () => {
    const claims = person(["chiefs"]);
    const { user } = await context.auth.api.createUser({
      body: { email: claims.email, name: "Dana", password: "a long enough one", role: "operator" },
    });
    expect(await signIn({ claims })).toMatchObject({ role: "operator" });
    const open = await signIn({ claims: { ...claims, groups: [] } });
    expect(open).toMatchObject({ role: "operator" });
    await editStaff({ context, actor: ACTOR, params: { id: user.id }, input: { roleFrom: "groups" } });
    expect(await open.now()).toBeNull();
    const body = { email: claims.email, password: "a long enough one" };
    const byPassword = await context.auth.api.signInEmail({ body, asResponse: true });
    expect(byPassword.status).toBe(401);
    for (const verb of [resetPassword, inviteAgain]) {
      const asked = verb({ context, actor: ACTOR, params: { id: user.id }, input: {} });
      await expect(asked).rejects.toMatchObject({ code: "conflict" });
    }
    expect(await signIn({ claims })).toMatchObject({ role: "admin" });
    await editStaff({ context, actor: ACTOR, params: { id: user.id }, input: { role: "viewer" } });
    expect(await signIn({ claims })).toMatchObject({ role: "viewer" });
  });

  test("no group opens the emergency account", async () => {
    setCurrentConsole(context);
    await breakGlass({ context, actor: ACTOR, params: {}, input: {} });
    const claims = { ...person(["chiefs"]), email: BREAK_GLASS_EMAIL };
    expect(await signIn({ claims })).toMatchObject({ role: null, fault: "emergency_account" });
  });

  test("without OIDC_ROLES nobody is made, and no operator keeps a role that a group gave", async () => {
    const without = await testConsole(database, { startedMs: Date.now(), oidc: { ...oidc, groups: null } });
    const claims = person(["chiefs"]);
    expect(await signIn({ claims }, without)).toMatchObject({ role: null, fault: "signup_disabled" });
    await signIn({ claims });
    expect(await signIn({ claims }, without)).toMatchObject({ role: null, fault: "no_group" });
  });

  test("a disabled operator stays outside, and keeps no role that a group gives", async () => {
    const claims = person(["watchers"]);
    await signIn({ claims });
    const id = (await findStaffByEmail(database.opened.db, claims.email))?.id ?? "";
    await editStaff({ context, actor: ACTOR, params: { id }, input: { disabled: true } });
    expect(await signIn({ claims: { ...claims, groups: ["chiefs"] } })).toMatchObject({ role: null });
    expect((await findStaffByEmail(database.opened.db, claims.email))?.role).toBe("viewer");
  });
});

describe("groups give the tenants", () => {
  let limited: ConsoleContext;
  const SOME = { role: "viewer", fault: null };
  beforeAll(async () => {
    const tenants = [
      { group: "acme support", tenants: ["free", "made-later"] },
      { group: "reseller", tenants: ["standard"] },
      { group: "platform", tenants: "*" as const },
    ];
    const groups = { claim: "groups", roles: oidc.groups?.roles ?? [], otherwise: "viewer" as const, tenants };
    limited = await testConsole(database, { startedMs: Date.now(), oidc: { ...oidc, groups } });
  });

  test("read again at each sign-in: open sessions have the new tenants, and end when none is left", async () => {
    const claims = person(["acme support"]);
    const first = await signIn({ claims }, limited);
    expect(first).toMatchObject({ ...SOME, tenants: ["free", "made-later"] });
    const both = { ...claims, groups: ["acme support", "reseller"] };
    expect(await signIn({ claims: both }, limited)).toMatchObject({ tenants: ["free", "made-later", "standard"] });
    expect(await first.tenantsNow()).toEqual(["free", "made-later", "standard"]);
    expect(await signIn({ claims: { ...claims, groups: ["reseller"] } }, limited)).toMatchObject({
      tenants: ["standard"],
    });
    expect(await first.tenantsNow()).toEqual(["standard"]);
    const gone = { claims: { ...claims, groups: ["sales"] } };
    expect(await signIn(gone, limited)).toMatchObject({ role: null, fault: "no_tenant" });
    expect(await first.now()).toBeNull();
    const changes = (await audited(claims.email)).filter(({ action }) => action.endsWith("-by-groups"));
    expect(changes.map(({ action, after }) => [action, after])).toEqual([
      ["staff.tenants-by-groups", { role: "viewer", tenants: ["free", "made-later", "standard"] }],
      ["staff.tenants-by-groups", { role: "viewer", tenants: ["standard"] }],
      ["staff.role-by-groups", { role: null, sessions: 0 }],
    ]);
  });

  test("nobody without a listed group comes in, with a role or not, and no operator is made", async () => {
    for (const groups of [["sales"], ["on call"], []]) {
      const claims = person(groups);
      expect(await signIn({ claims }, limited)).toMatchObject({ role: null, fault: "no_tenant" });
      expect(await findStaffByEmail(database.opened.db, claims.email)).toBeNull();
    }
  });

  test("all tenants only by a group that says so; an admin needs one", async () => {
    expect(await signIn({ claims: person(["platform", "acme support"]) }, limited)).toMatchObject({
      ...SOME,
      tenants: null,
    });
    expect(await signIn({ claims: person(["chiefs", "platform"]) }, limited)).toMatchObject({
      role: "admin",
      tenants: null,
    });
    const some = person(["chiefs", "acme support"]);
    expect(await signIn({ claims: some }, limited)).toMatchObject({ role: null, fault: "admin_of_some" });
    expect(await signIn({ claims: person(["chiefs"]) }, limited)).toMatchObject({ role: null, fault: "no_tenant" });
  });

  test("without OIDC_TENANTS a sign-in widens nobody, and an admin may limit an operator by hand", async () => {
    const claims = person(["watchers", "acme support"]);
    await signIn({ claims }, limited);
    const open = await signIn({ claims });
    expect(open.tenants).toEqual(["free", "made-later"]);
    const id = (await findStaffByEmail(database.opened.db, claims.email))?.id ?? "";
    const edit = (at: ConsoleContext, input: Parameters<typeof editStaff>[0]["input"]) =>
      editStaff({ context: at, actor: ACTOR, params: { id }, input });
    await expect(edit(limited, { tenants: null })).rejects.toMatchObject({ code: "conflict" });
    await edit(context, { tenants: ["standard"] });
    expect(await open.tenantsNow()).toEqual(["standard"]);
    await expect(edit(context, { role: "admin" })).rejects.toMatchObject({ code: "invalid_value" });
    await expect(edit(context, { tenants: ["no-such"] })).rejects.toMatchObject({ code: "invalid_value" });
    expect(await signIn({ claims: { ...claims, groups: ["chiefs"] } })).toMatchObject({ fault: "admin_of_some" });
  });
});

describe("what an issuer may send", () => {
  test.each([
    ["no claim, neither in the token nor in userinfo", {}, undefined, "no_group"],
    ["a number", {}, 7, "no_group"],
    ["an object", {}, { chiefs: true }, "no_group"],
    ["objects in a list", {}, [{ name: "chiefs" }, ["chiefs"]], "no_group"],
    ["another case", {}, ["Chiefs"], "no_group"],
    ["__proto__", {}, ["__proto__", "constructor"], "no_group"],
    ["an unsigned token", { signed: "not" as const }, ["chiefs"], "unable_to_get_user_info"],
    ["a token that somebody else signed", { signed: "forged" as const }, ["chiefs"], "unable_to_get_user_info"],
    ["no token", { signed: "absent" as const }, ["chiefs"], "unable_to_get_user_info"],
  ])("%s: nobody comes in, and no operator is made", async (_name, more, groups, fault) => {
    const claims = person(groups);
    expect(await signIn({ claims, userinfo: { sub: claims.sub }, ...more })).toMatchObject({ role: null, fault });
    expect(await findStaffByEmail(database.opened.db, claims.email)).toBeNull();
  });

  test.each([
    ["the text", "on call"],
    ["a name many times, and ten thousand others", [...Array(10_000).keys(), ...Array(99).fill("on call")].map(String)],
  ])("%s gives the role", async (_name, groups) => {
    expect(await signIn({ claims: person(groups) })).toMatchObject({ role: "operator" });
  });

  test("groups that only the userinfo endpoint has count, if they are the same person's", async () => {
    const claims = person(undefined);
    const userinfo = { sub: claims.sub, groups: ["chiefs"] };
    expect(await signIn({ claims, userinfo: { ...userinfo, sub: "sub-eve" } })).toMatchObject({ role: null });
    expect(await signIn({ claims, userinfo })).toMatchObject({ role: "admin" });
    // The issuer cannot tell now: that takes no role and ends no session.
    const open = await signIn({ claims, userinfo });
    expect(await signIn({ claims, userinfo: 503 })).toMatchObject({ role: null, fault: "groups_unreadable" });
    const overage = { ...claims, _claim_names: { groups: "src1" } };
    expect(await signIn({ claims: overage, userinfo: { sub: claims.sub } })).toMatchObject({
      fault: "groups_unreadable",
    });
    expect(await open.now()).toBe("admin");
  });

  test.each([false, "false", undefined, 1])("an address that is not verified (%s) is nobody's", async (isVerified) => {
    const known = person(["watchers"]);
    await signIn({ claims: known });
    const claims = { ...person(["chiefs"]), email: known.email, email_verified: isVerified };
    expect((await signIn({ claims })).role).toBeNull();
    expect((await findStaffByEmail(database.opened.db, known.email))?.role).toBe("viewer");
  });
});
