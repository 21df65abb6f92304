import type http from "node:http";
import https from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort, until } from "../fixtures/process";
import { Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";
import { Caddy, NO_CADDY } from "./caddy";
import { Nginx, NO_NGINX } from "./nginx";

const HOST = "llm.example.com";
/** Another loopback address than nginx has: who is a proxy, and who is a client, can be distinguished. */
const CLIENT = "127.0.0.2";

const PROXIES = [
  { name: "nginx", Kind: Nginx, missing: NO_NGINX },
  { name: "Caddy", Kind: Caddy, missing: NO_CADDY },
];

for (const { name, Kind, missing } of PROXIES) {
  if (missing !== null) process.stdout.write(`not tested: ${missing}\n`);
  describe.skipIf(missing !== null)(`the published configuration of ${name}, with TLS on loopback`, () => {
    let spillway: Spillway;
    let proxy: Nginx | Caddy;
    let upstream: Scripted;

    beforeAll(async () => {
      const port = String(await freePort());
      proxy = await Kind.before(`127.0.0.1:${port}`);
      spillway = await Spillway.run({
        PORT: port,
        PUBLIC_URL: `https://${HOST}`,
        ALLOWED_HOSTS: HOST,
        TRUSTED_PROXIES: "127.0.0.1/32,::1/128",
      });
      upstream = await Scripted.run();
      await upstream.serve(spillway, "scripted");
      await until("the proxy", async () => (await ask("GET", "/api/readyz")).status === 200);
    });
    afterAll(async () => {
      upstream?.stop();
      await spillway?.stop();
      await proxy?.stop();
    });

    type Sent = { readonly headers?: Record<string, string>; readonly body?: unknown };

    /** Resolves with the answer's head; its body is read by the caller. */
    function open(method: string, path: string, { headers = {}, body }: Sent = {}): Promise<http.IncomingMessage> {
      return new Promise((resolve, reject) => {
        const request = https.request(
          {
            host: "127.0.0.1",
            port: proxy.port,
            localAddress: CLIENT,
            servername: HOST,
            rejectUnauthorized: false,
            method,
            path,
            headers: { host: HOST, "content-type": "application/json", ...headers },
          },
          resolve,
        );
        request.once("error", reject);
        request.end(body === undefined ? undefined : JSON.stringify(body));
      });
    }

    async function ask(method: string, path: string, sent: Sent = {}) {
      const answer = await open(method, path, sent);
      let text = "";
      for await (const chunk of answer) text += chunk;
      return { status: answer.statusCode, headers: answer.headers, text };
    }

    const authorized = () => ({ authorization: `Bearer ${spillway.demo.keys.enterprise}` });
    const call = (more: object) => ({ model: "scripted", messages: [{ role: "user", content: "hello" }], ...more });

    test("a stream arrives chunk by chunk: the first one is there before the second one is written", async () => {
      const piece = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
      let release = () => {};
      upstream.play = (response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(piece("first"));
        release = () => void response.end(`${piece("second")}data: [DONE]\n\n`);
      };
      const answer = await open("POST", "/v1/chat/completions", {
        headers: authorized(),
        body: call({ stream: true }),
      });
      expect(answer.headers["content-type"]).toContain("text/event-stream");
      let text = "";
      for await (const chunk of answer) {
        text += chunk;
        if (text.includes("first") && !text.includes("second")) release();
      }
      expect(text).toMatch(/first[\s\S]*second[\s\S]*\[DONE\]/);
    });

    test("the ledger has the client's address, whatever the client claims to be", async () => {
      const headers = { ...authorized(), "x-forwarded-for": "203.0.113.9" };
      const answer = await ask("POST", "/v1/chat/completions", { headers, body: call({ model: "sim-small" }) });
      expect(answer.status).toBe(200);
      const requestId = String(answer.headers["x-request-id"]);
      const row = await until("its row", () => spillway.ledgerRow(requestId));
      expect(row).toMatchObject({ clientAddress: CLIENT });
    });

    test("an operator signs in at the public address and changes something; a page of another origin cannot", async () => {
      const origin = { origin: `https://${HOST}` };
      const signedIn = await ask("POST", "/api/auth/sign-in/email", { headers: origin, body: spillway.demo.admin });
      expect(signedIn.status).toBe(200);
      const cookies = signedIn.headers["set-cookie"] ?? [];
      expect(cookies.every((one) => /; Secure/i.test(one))).toBe(true);
      expect(cookies.find((one) => one.includes("session_token"))).toMatch(/^__Host-.*; Path=\//);
      const cookie = cookies.map((one) => one.split(";")[0]).join("; ");
      const tenant = { name: "Through a proxy" };
      const edit = (from: Record<string, string>) =>
        ask("PATCH", "/api/admin/tenants/free", { headers: { cookie, ...from }, body: tenant });
      expect((await edit(origin)).status).toBe(200);
      expect((await edit({ origin: "https://evil.test" })).status).toBe(403);
    });

    test("a refusal passes with its headers, and an unknown host is refused", async () => {
      const refused = await ask("POST", "/v1/chat/completions", {
        headers: authorized(),
        body: call({ model: "nope" }),
      });
      expect(refused.status).toBe(404);
      expect(JSON.parse(refused.text)).toMatchObject({ error: { code: "model_not_found" } });
      expect(refused.headers["x-should-retry"]).toBe("false");
      expect((await ask("GET", "/api/healthz")).status).toBe(200);
      // nginx hands it on to Spillway; Caddy has no site of that name and answers with nothing.
      const unknown = await ask("GET", "/api/healthz", { headers: { host: "evil.test" } });
      expect(unknown).toMatchObject(name === "Caddy" ? { text: "" } : { status: 421 });
    });
  });
}
