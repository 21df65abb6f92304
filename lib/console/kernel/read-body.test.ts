import { expect, test } from "vitest";
import { asPublicError } from "@/lib/errors";
import { readJsonBody } from "./read-body";

const PATH = "/api/admin/brakes/1";

/** As Next hands it over: with a stream, whether or not anything was sent. */
function request(method: string, sent: string, type?: string): Request {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (sent !== "") controller.enqueue(new TextEncoder().encode(sent));
      controller.close();
    },
  });
  const headers = type === undefined ? new Headers() : new Headers({ "content-type": type });
  const init: RequestInit & { duplex: "half" } = { method, body, headers, duplex: "half" };
  return new Request(`http://localhost${PATH}`, init);
}

const read = (asked: Request) =>
  readJsonBody(asked, PATH).catch((error: unknown) => asPublicError(error)?.code ?? String(error));

test.each<[string, Request, unknown]>([
  ["a DELETE without a body", request("DELETE", ""), {}],
  ["a DELETE with a type and without a body", request("DELETE", "", "application/json"), {}],
  ["a DELETE without a stream", new Request(`http://localhost${PATH}`, { method: "DELETE" }), {}],
  ["a DELETE with a body", request("DELETE", '{"reason":"over"}', "application/json"), { reason: "over" }],
  ["a DELETE with a body of no type", request("DELETE", '{"reason":"over"}'), "unsupported_media_type"],
  ["a PUT without a body", request("PUT", "", "application/json"), "invalid_json"],
  ["a PUT without a type", request("PUT", ""), "unsupported_media_type"],
])("%s", async (_name, asked, answer) => {
  expect(await read(asked)).toEqual(answer);
});
