import { expect } from "vitest";
import { codeOfApp } from "../authenticator";
import type { Performed } from "./catalog-actions";

type Begun = { readonly uri: string; readonly recoveryCodes: readonly string[] };
type Audited = { readonly rows: readonly { readonly action: string; readonly target: string }[] };
const EMAIL = "bo@example.test";
const PASSWORD = "chosen by Bo alone";

/** An operator sets an app up, needs it to come in and for what is sensitive, and gets rid of it; an admin resets it. */
export async function performSecondFactor(
  { client, change }: Performed,
  mate: { readonly id: string; readonly baseUrl: string },
): Promise<void> {
  const door = doorOf(mate.baseUrl);
  let uri = "";
  let [recovery = "", other = "", third = ""]: readonly string[] = [];
  await client.signedIn(EMAIL, PASSWORD, async () => {
    expect(await client.perform("getSecondFactor")).toEqual({ on: false, recoveryCodes: 0 });
    const begun = await client.perform<Begun>("postSecondFactor", { body: { password: PASSWORD } });
    expect(begun.recoveryCodes).toHaveLength(10);
    uri = begun.uri;
    const wrong = codeOfApp(uri) === "000000" ? "000001" : "000000";
    await expect(client.perform("postSecondFactorCode", { body: { code: wrong } })).rejects.toThrow("403");
    // Off until then: a password alone still opens a session, which ends with the first right code.
    const before = await door.enter(PASSWORD);
    expect(before.isIn).toBe(true);
    const on = await client.perform("postSecondFactorCode", { body: { code: codeOfApp(uri) } });
    expect(on).toMatchObject({ on: true });
    expect(await door.isOpen(before.cookie)).toBe(false);
    expect(await client.perform("getSecondFactor")).toEqual({ on: true, recoveryCodes: 10 });

    const confirm = (code?: string) =>
      client.perform("postConfirm", { body: { password: PASSWORD, ...(code && { code }) } });
    await expect(confirm()).rejects.toThrow("authenticator app");
    await expect(confirm("22222-22222")).rejects.toThrow("403");
    const [first = ""] = begun.recoveryCodes;
    expect(await confirm(first.toUpperCase())).toEqual({ confirmed: true });
    await expect(confirm(first)).rejects.toThrow("403");
    const body = { password: PASSWORD, code: begun.recoveryCodes[1] };
    const renewed = await client.perform<Begun>("postSecondFactorRecoveryCodes", { body });
    [recovery = "", other = "", third = ""] = renewed.recoveryCodes;
    await expect(confirm(begun.recoveryCodes[2])).rejects.toThrow("403");
  });

  const half = await door.enter(PASSWORD);
  expect(half.isIn).toBe(false);
  expect(await door.code("verify-backup-code", "22222-22222", half.cookie)).toBeNull();
  const whole = await door.code("verify-backup-code", recovery, half.cookie);
  expect(await door.isOpen(whole ?? "")).toBe(true);
  // The first step counts once, and a session alone checks no codes for anybody.
  expect(await door.code("verify-backup-code", other, half.cookie)).toBeNull();
  expect(await door.code("verify-backup-code", other, whole ?? "")).toBeNull();
  const again = await door.enter(PASSWORD);
  const next = codeOfApp(uri, 1);
  const byApp = await door.code("verify-totp", next, again.cookie);
  expect(await door.isOpen(byApp ?? "")).toBe(true);
  // What was seen over a shoulder is worth nothing: a code counts once.
  const seen = await door.enter(PASSWORD);
  expect(await door.code("verify-totp", next, seen.cookie)).toBeNull();
  const { rows } = await client.perform<Audited>("getAudit", { query: { limit: "3" } });
  expect(rows[0]).toMatchObject({ action: "access.sign-in-failed", target: EMAIL });

  await change("deleteStaffIdSecondFactor", { path: { id: mate.id } }, "staff.second-factor");
  expect(await door.isOpen(byApp ?? "")).toBe(false);
  await expect(client.perform("deleteStaffIdSecondFactor", { path: { id: mate.id } })).rejects.toThrow("409");
  await client.signedIn(EMAIL, PASSWORD, async () => {
    expect(await client.perform("getSecondFactor")).toEqual({ on: false, recoveryCodes: 0 });
    const begun = await client.perform<Begun>("postSecondFactor", { body: { password: PASSWORD } });
    await client.perform("postSecondFactorCode", { body: { code: codeOfApp(begun.uri) } });
    const off = (code = "") => client.perform("deleteSecondFactor", { body: { password: PASSWORD, code } });
    await expect(off(third)).rejects.toThrow("403");
    expect(await off(begun.recoveryCodes[0])).toEqual({ on: false });
  });
}

/** Sign-in as a browser does it: a step gives the cookies for the next. */
function doorOf(baseUrl: string) {
  const post = async (path: string, body: object, cookie: string) => {
    const headers = { "content-type": "application/json", origin: baseUrl, cookie };
    const answer = await fetch(`${baseUrl}/api/auth/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const given = answer.headers.getSetCookie().filter((one) => !/max-age=0/i.test(one));
    return { ok: answer.ok, cookie: given.map((one) => one.split(";")[0]).join("; ") };
  };
  const isOpen = async (cookie: string) =>
    (await fetch(`${baseUrl}/api/admin/sessions`, { headers: { cookie } })).status === 200;
  return {
    isOpen,
    enter: async (password: string) => {
      const { cookie } = await post("sign-in/email", { email: EMAIL, password }, "");
      return { cookie, isIn: await isOpen(cookie) };
    },
    /** The cookies of the session that a code opens; null = it opens none. */
    code: async (step: string, code: string, cookie: string) => {
      const answer = await post(`two-factor/${step}`, { code }, cookie);
      return answer.ok ? answer.cookie : null;
    },
  };
}
