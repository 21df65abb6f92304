import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Spillway } from "../fixtures/spillway";

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

test("signing out ends the session", async () => {
  const me = () => fetch(`${spillway.baseUrl}/api/admin/sessions`, { headers: { cookie } });
  expect((await me()).status).toBe(200);
  expect((await auth("POST", "sign-out", {})).status).toBe(200);
  expect((await me()).status).toBe(401);
});
