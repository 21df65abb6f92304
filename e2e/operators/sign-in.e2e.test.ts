import net from "node:net";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";
import { codeOfApp } from "./authenticator";

let spillway: Spillway;
let cookie: string;
beforeAll(async () => {
  spillway = await Spillway.run();
  const { email, password } = spillway.demo.admin;
  const answer = await auth("POST", "sign-in/email", { email, password });
  expect(answer.status).toBe(200);
  cookie = cookieOf(answer);
});
afterAll(() => spillway.stop());

function auth(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${spillway.baseUrl}/api/auth/${path}`, {
    method,
    redirect: "manual",
    headers: { "content-type": "application/json", origin: spillway.baseUrl, ...(cookie ? { cookie } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function cookieOf(answer: Response): string {
  return answer.headers
    .getSetCookie()
    .map((one) => one.split(";")[0])
    .join("; ");
}

type Staff = { staff: { id: string; email: string; role: string; disabled: boolean; sessions: number }[] };

describe("an admin's session cannot change operators past our own verbs", () => {
  const eve = { email: "eve@example.test", password: "a long enough password", name: "Eve" };
  const ends = { newPassword: "another long password", currentPassword: "x" };
  test.each([
    ["POST", "admin/create-user", { ...eve, role: "admin" }],
    ["POST", "admin/set-role", { role: "admin" }],
    ["POST", "admin/set-user-password", ends],
    ["POST", "admin/ban-user", {}],
    ["POST", "admin/unban-user", {}],
    ["POST", "admin/remove-user", {}],
    ["POST", "admin/impersonate-user", {}],
    ["POST", "admin/stop-impersonating", {}],
    ["POST", "admin/revoke-user-sessions", {}],
    ["POST", "admin/update-user", { data: { role: "admin" } }],
    ["GET", "admin/list-users", undefined],
    ["POST", "sign-up/email", eve],
    ["POST", "change-password", ends],
    ["POST", "set-password", ends],
    ["POST", "change-email", { newEmail: "eve@example.test" }],
    ["POST", "update-user", { name: "Somebody else" }],
    ["POST", "delete-user", {}],
    ["POST", "link-social", { provider: "sso" }],
    ["POST", "revoke-sessions", {}],
    ["GET", "get-session", undefined],
    ["GET", "list-sessions", undefined],
    ["GET", "ok", undefined],
    ["GET", "error", undefined],
    ["PUT", "sign-in/email", {}],
    ["POST", "callback/sso", {}],
    ["POST", "two-factor/enable", { password: "x" }],
    ["POST", "two-factor/disable", { password: "x" }],
    ["POST", "two-factor/get-totp-uri", { password: "x" }],
    ["POST", "two-factor/generate-backup-codes", { password: "x" }],
    ["POST", "two-factor/send-otp", {}],
    ["POST", "two-factor/verify-otp", { code: "000000" }],
    ["POST", "sign-in/email/", { email: "eve@example.test", password: "x" }],
    ["POST", "sign%2Din/email", { email: "eve@example.test", password: "x" }],
  ])("%s /api/auth/%s is not there", async (method, path, body) => {
    const { staff: before } = await spillway.admin<Staff>("GET", "staff");
    const [someone] = before;
    const answer = await auth(method, path, body && { userId: someone?.id, ...body });
    // A slash at the end is a redirect of Next's to the path without it; nothing was done meanwhile.
    expect([404, 308]).toContain(answer.status);
    if (answer.status === 404) expect(answer.headers.get("content-type")).toContain("json");
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect((await spillway.admin<Staff>("GET", "staff")).staff).toEqual(before);
  });

  test("more than an address and a password is refused", async () => {
    const { email, password } = spillway.demo.admin;
    const answer = await auth("POST", "sign-in/email", { email, password, callbackURL: "https://evil.test" });
    expect(answer.status).toBe(400);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });
});

test.each(["/api/auth/sign-in/email", "/api/auth/sign-out", "/api/auth/admin/create-user", "/api/admin/confirm"])(
  "%s refuses a body that is too large before it is read, by its length and by its bytes",
  async (path) => {
    const head = [`POST ${path} HTTP/1.1`, "Host: localhost", `Origin: ${spillway.baseUrl}`, `Cookie: ${cookie}`];
    const type = "Content-Type: application/json";
    // The rest of neither body ever comes: only a server that does not wait for it can answer.
    expect(await firstLine([...head, type, "Content-Length: 300000000"])).toContain(" 413 ");
    const chunk = "a".repeat(2 * 1024 * 1024);
    const sent = `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
    const status = path.includes("create-user") ? " 404 " : " 413 ";
    expect(await firstLine([...head, type, "Transfer-Encoding: chunked"], sent)).toContain(status);
  },
);

/** The first line of the answer to a request whose body stays open. */
function firstLine(lines: readonly string[], body = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(new URL(spillway.baseUrl).port), "127.0.0.1");
    socket.on("data", (chunk) => {
      resolve(chunk.toString("latin1").split("\r\n")[0] ?? "");
      socket.destroy();
    });
    socket.on("close", () => resolve("closed without an answer"));
    socket.on("error", reject);
    socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  });
}

describe("with a second factor, a password alone opens nothing", () => {
  const dee = { email: "dee@example.test", name: "Dee", role: "viewer" };
  const as = (own: string, method: string, path: string, body?: unknown) =>
    fetch(`${spillway.baseUrl}/api/${path}`, {
      method,
      headers: { "content-type": "application/json", origin: spillway.baseUrl, cookie: own },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const isOpen = async (own: string) => (await as(own, "GET", "admin/sessions")).status === 200;
  /** The cookies of the session that a code opens; null = it opens none. */
  const byCode = async (step: "totp" | "backup-code", code: string, own: string) => {
    const answer = await as(own, "POST", `auth/two-factor/verify-${step}`, { code });
    return answer.ok ? cookieOf(answer) : null;
  };

  test("a code of the app or a recovery code does, each once, and only after the password", async () => {
    const { password } = await spillway.admin<{ password: string }>("POST", "staff", dee);
    const enter = async () => cookieOf(await as("", "POST", "auth/sign-in/email", { email: dee.email, password }));
    const [one, two] = [await enter(), await enter()];
    const begun = await (await as(one, "POST", "admin/second-factor", { password })).json();
    // Off until the first code was right.
    expect(await isOpen(two)).toBe(true);
    const on = await as(one, "POST", "admin/second-factor/code", { code: codeOfApp(begun.uri) });
    expect(await on.json()).toEqual({ on: true, ended: 1 });
    expect([await isOpen(one), await isOpen(two), await isOpen(cookieOf(on))]).toEqual([false, false, true]);

    const [recovery = "", other = ""]: string[] = begun.recoveryCodes;
    const half = await enter();
    expect(await isOpen(half)).toBe(false);
    expect(await byCode("backup-code", "22222-22222", half)).toBeNull();
    const whole = (await byCode("backup-code", recovery, half)) ?? "";
    expect(await isOpen(whole)).toBe(true);
    // The password before it counts once; and a session is no place to try codes at.
    expect(await byCode("backup-code", other, half)).toBeNull();
    expect(await byCode("backup-code", other, whole)).toBeNull();

    const next = codeOfApp(begun.uri, 1);
    expect(await isOpen((await byCode("totp", next, await enter())) ?? "")).toBe(true);
    // What was seen over a shoulder is worth nothing.
    expect(await byCode("totp", next, await enter())).toBeNull();
    // Of many refused at once only the first few have a row.
    const { rows } = await spillway.admin<{ rows: { action: string }[] }>("GET", `audit?target=${dee.email}`);
    expect(rows.map(({ action }) => action)).toContain("access.sign-in-failed");
  });
});

test("a stranger's wrong passwords keep an operator out of no browser that was in before", async () => {
  const fay = { email: "fay@example.test", name: "Fay", role: "viewer" };
  const { password } = await spillway.admin<{ password: string }>("POST", "staff", fay);
  // From addresses of their own: each has a number of tries too.
  const home = new Agent({ localAddress: "127.0.0.2" });
  const enter = async (tried: string, dispatcher: Agent, cookies = "", origin = spillway.baseUrl) => {
    const { statusCode, headers, body } = await request(`${spillway.baseUrl}/api/auth/sign-in/email`, {
      method: "POST",
      dispatcher,
      headers: { "content-type": "application/json", origin, ...(cookies ? { cookie: cookies } : {}) },
      body: JSON.stringify({ email: fay.email, password: tried }),
    });
    await body.dump();
    const set = [headers["set-cookie"] ?? []].flat().map((one) => one.split(";")[0]);
    return { status: statusCode, cookies: set.join("; ") };
  };
  const own = (await enter(password, home)).cookies;
  let strangers = 0;
  // Tries are counted by ten minutes: when these end meanwhile, those after them may be too few.
  await until("strangers to be kept out, and her in another browser as well", async () => {
    const away = new Agent({ localAddress: `127.0.1.${++strangers}` });
    const tries = [];
    for (let count = 0; count < 11; count++) tries.push((await enter("not hers at all", away)).status);
    await away.close();
    return tries.at(-1) === 429 && (await enter(password, home)).status === 429;
  });
  expect((await enter(password, home, own)).status).toBe(200);
  expect((await enter(password, home, own, "https://evil.test")).status).toBe(403);
  await home.close();
});

test("signing out ends the session", async () => {
  const me = () => fetch(`${spillway.baseUrl}/api/admin/sessions`, { headers: { cookie } });
  expect((await me()).status).toBe(200);
  expect((await auth("POST", "sign-out", {})).status).toBe(200);
  expect((await me()).status).toBe(401);
});
