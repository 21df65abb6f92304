import { describe, expect, test } from "vitest";
import { asPublicError } from "@/lib/errors";
import { parsePlain } from "@/lib/gateway/routes/plain-chat";
import { parseMessages } from "../anthropic/parse-messages";
import { parseChat } from "../openai/parse-chat";
import { parseEmbeddings } from "../openai/parse-embeddings";
import { parseResponses } from "../responses/parse-responses";

const NUL = "x\u0000y";
const said = { messages: [{ role: "user", content: "hi" }] };

function faultOf(parse: () => unknown) {
  try {
    parse();
    return null;
  } catch (error) {
    const fault = asPublicError(error);
    return fault === null ? error : { status: fault.status, param: fault.param };
  }
}

describe("text that the books would keep and the database cannot is refused by name", () => {
  test.each<[string, () => unknown, string]>([
    ["chat", () => parseChat({ model: "m", ...said, user: NUL }), "user"],
    ["chat", () => parseChat({ model: NUL, ...said }), "model"],
    ["responses", () => parseResponses({ model: "m", input: "hi", user: NUL }), "user"],
    ["responses", () => parseResponses({ model: NUL, input: "hi" }), "model"],
    ["embeddings", () => parseEmbeddings({ model: "m", input: "hi", user: NUL }), "user"],
    ["embeddings", () => parseEmbeddings({ model: NUL, input: "hi" }), "model"],
    [
      "messages",
      () => parseMessages({ model: "m", max_tokens: 1, ...said, metadata: { user_id: NUL } }),
      "metadata.user_id",
    ],
    ["messages", () => parseMessages({ model: NUL, max_tokens: 1, ...said }), "model"],
    ["count_tokens", () => parseMessages({ model: NUL, ...said }, "count_tokens"), "model"],
    ["plain", () => parsePlain({ message: "hi", user: NUL }), "user"],
    ["plain", () => parsePlain({ message: "hi", user_id: NUL }), "user_id"],
    ["plain", () => parsePlain({ message: "hi", model: NUL }), "model"],
  ])("%s %#", (_endpoint, parse, param) => {
    expect(faultOf(parse)).toEqual({ status: 400, param });
  });

  test("a field that only passes through may hold it", () => {
    const spoken = { messages: [{ role: "user", content: NUL }] };
    expect(faultOf(() => parseChat({ model: "m", ...spoken }))).toBeNull();
    expect(faultOf(() => parsePlain({ message: NUL }))).toBeNull();
  });
});
