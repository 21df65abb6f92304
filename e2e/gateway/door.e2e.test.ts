import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { codeOf, inTurn, raw, rawFrom, statusOf } from "../fixtures/raw";
import { Spillway } from "../fixtures/spillway";

const BODY = JSON.stringify({ model: "sim-small", max_tokens: 16, messages: [{ role: "user", content: "hi" }] });

function request(target: string, input: { method: string; token: string; lines?: readonly string[]; body?: string }) {
  const { method, token, lines = ["Connection: close"], body = "" } = input;
  const all = [
    `${method} ${target} HTTP/1.1`,
    "Host: localhost",
    `Authorization: Bearer ${token}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...lines,
  ];
  return `${all.join("\r\n")}\r\n\r\n${body}`;
}

const call = (token: string, target = "/v1/chat/completions", lines?: readonly string[]) =>
  request(target, { method: "POST", token, body: BODY, ...(lines === undefined ? {} : { lines }) });
const look = (token: string, target: string) => request(target, { method: "GET", token });

describe.each([
  ["own", "all"],
  ["own", "gateway"],
  ["next", "all"],
  ["next", "gateway"],
])("door %s, plane %s: only a path in normal form is served", (door, plane) => {
  let spillway: Spillway;
  beforeAll(async () => {
    spillway = await Spillway.run({ SPILLWAY_DOOR: door, PLANE: plane }, { keepsEdge: true });
  });
  afterAll(() => spillway.stop());

  test.each([
    "/x/../v1/chat/completions",
    "/v1/./chat/completions",
    "/v1//chat/completions",
    "//v1/chat/completions",
    "/v1/%2e%2e/v1/chat/completions",
    "/v1/chat%2fcompletions",
    "/v1/chat%5ccompletions",
    "/v1\\chat\\completions",
    "/v1/ch%61t/completions",
    "/v1/chat/completions//",
    "/api/../v1/chat/completions",
    "/api/chat/",
  ])("POST %s", async (target) => {
    const answer = await raw(spillway.baseUrl, call(spillway.demo.keys.enterprise, target));
    expect([statusOf(answer), codeOf(answer)]).toEqual([404, "not_found"]);
    expect(answer).toMatch(/^content-type: application\/json/im);
    expect(answer).not.toMatch(/^location:/im);
  });

  test.each([
    "/v1/../api/admin/overview",
    "/v1/%2e%2e/api/admin/overview",
    "/v1/.%2E/api/admin/overview",
    "/v1/models/..%2f..%2f../api/admin/overview",
    "/v1\\..\\api\\admin\\overview",
    "/v1/../sign-in",
    "/v1/../api/auth/get-session",
    "/v1/%252e%252e/api/admin/overview",
    "//api/admin/overview",
    "/api//admin/overview",
  ])("GET %s", async (target) => {
    const answer = await raw(spillway.baseUrl, look(spillway.demo.operatorToken, target));
    expect([statusOf(answer), codeOf(answer)]).toEqual([404, "not_found"]);
    expect(answer).toMatch(/^content-type: application\/json/im);
  });

  test("the plain paths are", async () => {
    const { keys, operatorToken } = spillway.demo;
    expect(statusOf(await raw(spillway.baseUrl, call(keys.enterprise)))).toBe(200);
    expect(statusOf(await raw(spillway.baseUrl, look(keys.enterprise, "/v1/models/sim-small")))).toBe(200);
    const admin = statusOf(await raw(spillway.baseUrl, look(operatorToken, "/api/admin/overview")));
    expect(admin).toBe(plane === "gateway" ? 404 : 200);
  });
});

describe("X-Forwarded-For is believed only from the named proxies", () => {
  let spillway: Spillway;
  beforeAll(async () => {
    spillway = await Spillway.run({ TRUSTED_PROXIES: "127.0.0.2, 10.0.0.0/8" });
  });
  afterAll(() => spillway.stop());

  /** The address that the ledger holds for a call from this peer with this list. */
  async function addressOf(peer: string, forwardedFor: string): Promise<string | undefined> {
    const lines = [`X-Forwarded-For: ${forwardedFor}`, "Connection: close"];
    const answer = await rawFrom(peer, spillway.baseUrl, call(spillway.demo.keys.enterprise, undefined, lines));
    expect(statusOf(answer)).toBe(200);
    const requestId = /^x-request-id: (\S+)/im.exec(answer)?.[1] ?? "";
    const { rows } = await spillway.admin<{ rows: { clientAddress: string }[] }>(
      "GET",
      `ledger?requestId=${requestId}`,
    );
    return rows[0]?.clientAddress;
  }

  test("from a proxy: the last entry that is no proxy, however long the list", async () => {
    expect(await addressOf("127.0.0.2", "1.1.1.1, 192.0.2.5")).toBe("192.0.2.5");
    expect(await addressOf("127.0.0.2", "1.1.1.1, 192.0.2.5, 10.1.2.3")).toBe("192.0.2.5");
    expect(await addressOf("127.0.0.2", `${"1.1.1.1, ".repeat(400)}192.0.2.5`)).toBe("192.0.2.5");
  });

  test("from any other peer: the peer's own address", async () => {
    expect(await addressOf("127.0.0.1", "1.1.1.1")).toBe("127.0.0.1");
    expect(await addressOf("127.0.0.3", "1.1.1.1, 127.0.0.2")).toBe("127.0.0.3");
  });
});

test("with hops alone a list of any length forges nothing: wrong keys of the address that guessed stay turned away", async () => {
  await using door = await Spillway.run({ TRUSTED_HOPS: "1" });
  const from = (forwardedFor: string, apiKey: string) =>
    door.chat(apiKey, {}, { headers: { "x-forwarded-for": forwardedFor } });
  const forged = (nth: number) => `${`198.51.100.${nth}, `.repeat(200)}192.0.2.7`;
  // Wrong keys of that address are turned away unseen, those of another are looked at; a good key is served anywhere.
  // They are counted by the minute: when one ends meanwhile, those after it may be too few. From the first that is turned
  // away on, each further answer takes a second.
  await until("wrong keys of that address to be turned away", async () => {
    const tried = async (nth: number) => {
      const answer = await from(forged(nth), "sw_live_wrong");
      await answer.text();
      return answer.status;
    };
    for (let nth = 0; nth < 70 && (await tried(nth)) !== 429; nth++);
    return (await from("192.0.2.7", "sw_live_wrong")).status === 429;
  });
  expect((await from("192.0.2.8", "sw_live_wrong")).status).toBe(401);
  expect((await from("192.0.2.7", door.demo.keys.enterprise)).status).toBe(200);
});

describe.each(["own", "next"])("door %s: requests that share a connection", (door) => {
  let spillway: Spillway;
  beforeAll(async () => {
    spillway = await Spillway.run({ SPILLWAY_DOOR: door });
  });
  afterAll(() => spillway.stop());

  const key = () => spillway.demo.keys.enterprise;
  const rows = async () => (await spillway.ledger("enterprise")).rows.length;
  const statuses = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

  test.each([
    ["a path that is refused", () => look(key(), "/v1/./models")],
    ["the first of two calls closes", () => look(key(), "/v1/models")],
    ["a host that is not ours", () => look(key(), "/v1/models").replace("localhost", "evil.test")],
  ])("a call behind an answer that ends the connection never runs: %s", async (_name, first) => {
    const before = await rows();
    const answer = await raw(spillway.baseUrl, first().replace("Connection: close\r\n", ""), call(key()), call(key()));
    const answered = statuses(answer).length - 1;
    // A later call of the same tenant is in the books: one that ran for nobody would be there as well.
    const last = await spillway.chat(key());
    await last.text();
    await until("the row of the last call", async () => (await rows()) > before + answered);
    expect(await rows()).toBe(before + answered + 1);
  });

  test("pipelined calls behind answers that keep the connection are answered in order", async () => {
    const alive = ["Connection: keep-alive"];
    const target = "/v1/chat/completions";
    const wrong = call("sw_live_wrong", target, alive);
    const answer = await raw(
      spillway.baseUrl,
      call(key(), target, alive),
      wrong,
      call(key(), target, alive),
      call(key()),
    );
    expect(statuses(answer)).toEqual([200, 401, 200, 200]);
  });

  test("a refusal whose body is here already keeps the connection, also when it is ready at once", async () => {
    const alive = ["Connection: keep-alive"];
    const target = "/v1/chat/completions";
    // The second request comes when nothing is before it: its answer is made while it is still being parsed.
    const answer = await inTurn(spillway.baseUrl, call("sw_live_wrong", target, alive), call(key()));
    expect(statuses(answer)).toEqual([401, 200]);
    const again = await inTurn(
      spillway.baseUrl,
      call(key(), target, alive),
      call("sw_live_wrong", target, alive),
      call(key()),
    );
    expect(statuses(again)).toEqual([200, 401, 200]);
  });

  test("calls go the way that the setting names", async () => {
    const body = JSON.stringify({
      model: "sim-small",
      stream: true,
      max_tokens: 4,
      messages: [{ role: "user", content: "hi" }],
    });
    const answer = await fetch(`${spillway.baseUrl}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key()}`, "content-type": "application/json" },
      body,
    });
    // Next sends headers with the first bytes only: the way through it opens a stream with a comment.
    expect((await answer.text()).startsWith(": open\n\n")).toBe(door === "next");
  });

  test("answers to a client that guesses keys are held back", async () => {
    const { operatorToken } = spillway.demo;
    const heldNow = async () => {
      const headers = { authorization: `Bearer ${operatorToken}` };
      const text = await (await fetch(`${spillway.baseUrl}/api/metrics`, { headers })).text();
      return Number(/^spillway_answers_held (\d+)/m.exec(text)?.[1]);
    };
    await until("a guess that is held", async () => {
      const guesses = Array.from({ length: 35 }, () => rawFrom("127.0.0.9", spillway.baseUrl, call("sw_live_wrong")));
      const looked = until("one of them", async () => (await heldNow()) > 0, 1000).catch(() => false);
      const answers = await Promise.all(guesses);
      expect(answers.map(statusOf).every((status) => status === 401 || status === 429)).toBe(true);
      return looked;
    });
  });

  test("a refusal before the end of a body ends the connection", async () => {
    const half = call("sw_live_wrong", "/v1/messages", []).replace(/Content-Length: \d+/, "Content-Length: 90000");
    const answer = await rawFrom("127.0.0.10", spillway.baseUrl, half);
    expect(statuses(answer)).toEqual([401]);
    expect(answer).toMatch(/^connection: close\r$/im);
  });

  test("a body in crumbs is refused before its end, and a body whose chunks are large enough is not", async () => {
    const chunked = (body: string) =>
      request("/v1/chat/completions", { method: "POST", token: key(), body, lines: ["Transfer-Encoding: chunked"] })
        .replace(/Content-Length: \d+\r\n/, "")
        .replace("Content-Type", "Connection: close\r\nContent-Type");
    const crumbs = await raw(spillway.baseUrl, chunked("1\r\na\r\n".repeat(5000)));
    expect([statusOf(crumbs), codeOf(crumbs)]).toEqual([400, "body_in_pieces"]);
    const halves = [BODY.slice(0, 20), BODY.slice(20)].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
    expect(statusOf(await raw(spillway.baseUrl, chunked(`${halves.join("")}0\r\n\r\n`)))).toBe(200);
  });

  test("CONNECT is answered", async () => {
    const answer = await raw(spillway.baseUrl, "CONNECT evil.test:443 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(statuses(answer)).toEqual([405]);
  });
});
