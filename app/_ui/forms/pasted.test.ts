import { expect, test } from "vitest";
import { readPasted } from "./pasted";

const ID = `req_${"0123456789abcdef".repeat(2)}`;
const NUMBERS = { layer: "user", dimension: "requests", limit: 10, used: 10, asked: 1, limit_name: "user-requests" };

test.each([
  ["a bare id", ID],
  ["an error's text", `RateLimitError: 429 Request limit exceeded. (request id ${ID})`],
  ["a line of a log", `2026-11-21 level=warn id=${ID} status=429`],
])("the id in %s", (_name, text) => {
  expect(readPasted(text)).toEqual({ requestId: ID, refusal: null });
});

test.each([
  ["OpenAI's", { error: { code: "rate_limit_exceeded", message: `Too many (${ID})`, ...NUMBERS } }],
  [
    "Anthropic's",
    {
      type: "error",
      error: { type: "x", message: `Too many (${ID})`, details: { error_code: "rate_limit_exceeded", ...NUMBERS } },
    },
  ],
])("the numbers of %s error body, with other text around it", (_name, body) => {
  const read = readPasted(`got: ${JSON.stringify(body)} and gave up`);
  expect(read.requestId).toBe(ID);
  expect(read.refusal).toMatchObject({
    code: "rate_limit_exceeded",
    limitName: "user-requests",
    limit: 10,
    used: 10,
    asked: 1,
  });
});

test.each(["", "hello", "{", "{}", '{"error":1}', "req_short"])("nothing in %j", (text) => {
  expect(readPasted(text)).toEqual({ requestId: null, refusal: null });
});

test("a request id with word joiners, as opencode gets it", () => {
  expect(readPasted(`It is used up. (request id ${ID.replace("4", "4\u2060")})`).requestId).toBe(ID);
});
