import { expect } from "vitest";
import { codeOfApp } from "../authenticator";
import type { Performed } from "./catalog-actions";

type Begun = { readonly uri: string; readonly recoveryCodes: readonly string[] };
const EMAIL = "bo@example.test";
const PASSWORD = "chosen by Bo alone";

/** An operator sets an app up, needs it for what is sensitive, and turns it off; an admin resets it. */
export async function performSecondFactor({ client, change }: Performed, mate: string): Promise<void> {
  const begin = () => client.perform<Begun>("postSecondFactor", { body: { password: PASSWORD } });
  const turnOn = (code: string) => client.perform("postSecondFactorCode", { body: { code } });
  await client.signedIn(EMAIL, PASSWORD, async () => {
    expect(await client.perform("getSecondFactor")).toEqual({ on: false, recoveryCodes: 0 });
    await expect(turnOn("000000")).rejects.toThrow("409");
    const begun = await begin();
    expect(begun.recoveryCodes).toHaveLength(10);
    const wrong = codeOfApp(begun.uri) === "000000" ? "000001" : "000000";
    await expect(turnOn(wrong)).rejects.toThrow("403");
    expect(await turnOn(codeOfApp(begun.uri))).toMatchObject({ on: true });
    await expect(begin()).rejects.toThrow("409");
    expect(await client.perform("getSecondFactor")).toEqual({ on: true, recoveryCodes: 10 });

    const [first = "", second = "", third = ""] = begun.recoveryCodes;
    const confirm = (code?: string) =>
      client.perform("postConfirm", {
        body: code === undefined ? { password: PASSWORD } : { password: PASSWORD, code },
      });
    await expect(confirm()).rejects.toThrow("authenticator app");
    await expect(confirm("22222-22222")).rejects.toThrow("403");
    // As people type it; and once.
    expect(await confirm(` ${first.toUpperCase()}`)).toEqual({ confirmed: true });
    await expect(confirm(first)).rejects.toThrow("403");
    const body = { password: PASSWORD, code: second };
    const renewed = await client.perform<Begun>("postSecondFactorRecoveryCodes", { body });
    await expect(confirm(third)).rejects.toThrow("403");
    expect(await confirm(renewed.recoveryCodes[0])).toEqual({ confirmed: true });
  });

  await change("deleteStaffIdSecondFactor", { path: { id: mate } }, "staff.second-factor");
  await expect(client.perform("deleteStaffIdSecondFactor", { path: { id: mate } })).rejects.toThrow("409");
  await client.signedIn(EMAIL, PASSWORD, async () => {
    expect(await client.perform("getSecondFactor")).toEqual({ on: false, recoveryCodes: 0 });
    const begun = await begin();
    await turnOn(codeOfApp(begun.uri));
    const off = (code = "") => client.perform("deleteSecondFactor", { body: { password: PASSWORD, code } });
    await expect(off("22222-22222")).rejects.toThrow("403");
    expect(await off(begun.recoveryCodes[0])).toEqual({ on: false });
  });
}
