import { describe, expect, test } from "vitest";
import { PublicError } from "@/lib/errors";
import { pairOf, withoutInput } from "../pair";
import { ToolNames } from "../translate/identity";
import { messagesToChat } from "../translate/messages-to-chat";
import { parseMessages } from "./parse-messages";

const create = { type: "create" };
const goesOn = { type: "continue", previous_message_id: "msg_1" };
const asked = (thread: unknown, messages: unknown = [{ role: "user", content: "And now?" }]) => ({
  ...{ model: "m", max_tokens: 10, messages, thread },
});
const codeOf = (work: () => unknown) => {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof PublicError ? `${error.status} ${error.code}` : error;
  }
};

describe("a thread that the provider holds", () => {
  test("goes on without a message after a pause, and nothing else does", () => {
    expect(parseMessages(asked(goesOn, [])).body.messages).toEqual([]);
    for (const thread of [create, null, "continue"])
      expect(codeOf(() => parseMessages(asked(thread, [])))).toBe("400 invalid_messages");
  });

  test("is not there in the other dialect: the client sends all of the conversation", () => {
    const translated = (thread: unknown, drops: readonly string[] = []) =>
      codeOf(() => messagesToChat(asked(thread), new ToolNames(), drops));
    expect(translated(create)).toBe("400 thread_unsupported_request");
    expect(translated(goesOn)).toBe("404 thread_not_found");
    expect(translated(null)).toBe(null);
    // A new thread may be left out. Leaving out a continued one would lose the conversation.
    expect([translated(create, ["thread"]), translated(create, ["*"])]).toEqual([
      null,
      "400 thread_unsupported_request",
    ]);
    expect([translated(goesOn, ["thread"]), translated(goesOn, ["*"])]).toEqual(Array(2).fill("404 thread_not_found"));
  });

  test("is its caller's by the id of each message, whole and streamed", () => {
    const message = { id: "msg_2", type: "message", content: [], usage: { input_tokens: 1, output_tokens: 1 } };
    const text = `event: message_start\ndata: ${JSON.stringify({ type: "message_start", message })}\n\n`;
    const idsOf = (thread: unknown) => {
      const pair = pairOf("messages", "anthropic");
      // The answer is read with what is left of the call once it has been sent.
      const options = { call: withoutInput(parseMessages(asked(thread))), nowSeconds: 1, estimatedInputTokens: 1 };
      const meter = pair?.stream({ ...options, outputBytesMax: 1000 });
      meter?.feed(new TextEncoder().encode(text));
      const whole = pair?.whole(new TextEncoder().encode(JSON.stringify(message)), options);
      return [whole?.reading.answerId, meter?.reading().answerId];
    };
    expect([idsOf(create), idsOf(goesOn)]).toEqual(Array(2).fill(["msg_2", "msg_2"]));
    expect(idsOf(null)).toEqual([undefined, undefined]);
  });
});
