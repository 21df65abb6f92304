import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, modelsIn } from "./connect";

const KEY = "sk-right";
let server: http.Server;
let baseUrl: string;

beforeAll(async () => {
  server = http.createServer((request, response) => {
    const isHtml = request.url === "/page/models";
    if (isHtml) return response.end("<html>welcome</html>");
    if (request.url === "/cut/models") return response.destroy();
    if (request.url !== "/v1/models") return response.writeHead(404).end("{}");
    if (request.headers.authorization !== `Bearer ${KEY}`) return response.writeHead(401).end("{}");
    response.end(JSON.stringify({ object: "list", data: [{ id: "small", owned_by: "us" }, { id: "large" }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port }: AddressInfo = Object(server.address());
  baseUrl = `http://127.0.0.1:${port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const ask = (path: string, key = KEY, allowLocal = true) =>
  connect({ baseUrl: `${baseUrl}${path}`, headers: { authorization: `Bearer ${key}` }, allowLocal });

test("a provider that takes the credential says which models it has", async () => {
  expect(await ask("/v1")).toMatchObject({ outcome: "accepted", status: 200, models: ["small", "large"] });
});

test("a wrong credential, a page without a list of models, and a missing path get different answers", async () => {
  expect(await ask("/v1", "sk-wrong")).toMatchObject({ outcome: "rejected", status: 401 });
  expect(await ask("/page")).toMatchObject({ outcome: "answered", status: 200 });
  expect(await ask("/other")).toMatchObject({ outcome: "answered", status: 404 });
});

test("what cannot be reached says why, in words of our own", async () => {
  expect(await ask("/cut")).toEqual({
    outcome: "unreachable",
    detail: "the connection was closed before an answer",
  });
  const nowhere = await connect({ baseUrl: "http://127.0.0.1:9/v1", headers: {}, allowLocal: true });
  expect(nowhere).toEqual({ outcome: "unreachable", detail: "nothing listens at this address" });
});

test("a local address is asked only when the provider may be local", async () => {
  expect(await ask("/v1", KEY, false)).toMatchObject({ outcome: "unreachable" });
  const named = await connect({ baseUrl: baseUrl.replace("127.0.0.1", "localhost"), headers: {}, allowLocal: false });
  expect(named).toEqual({ outcome: "unreachable", detail: "its address is not public: allow local addresses" });
});

test("a list of models is read leniently, and what is none is none", () => {
  expect(modelsIn('{"data":[{"id":"a","type":"model"}],"has_more":false}')).toEqual(["a"]);
  for (const text of ["", "[]", "{}", '{"data":[{"name":"a"}]}', "<html>"]) expect(modelsIn(text)).toBeNull();
});
