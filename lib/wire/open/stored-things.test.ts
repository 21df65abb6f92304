import { describe, expect, test } from "vitest";
import { storedThingsIn } from "./stored-things";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const foundIn = (body: object) => {
  const text = JSON.stringify(body);
  return storedThingsIn(JSON.parse(text), bytesOf(text)).map(({ kind, id, param }) => `${kind} ${id} at ${param}`);
};
const user = (...content: object[]) => [{ role: "user", content }];

describe("what a body names that a provider keeps", () => {
  test.each<[string, object, string]>([
    ["a response to go on from", { previous_response_id: "r1" }, "response r1 at previous_response_id"],
    [
      "a response to compare with",
      { prompt_cache_options: { comparison_response_id: "r1" } },
      "response r1 at prompt_cache_options.comparison_response_id",
    ],
    ["a conversation by its id", { conversation: "c1" }, "conversation c1 at conversation"],
    ["a conversation as an object", { conversation: { id: "c1" } }, "conversation c1 at conversation"],
    [
      "a message whose thread goes on",
      { thread: { type: "continue", previous_message_id: "m1" } },
      "message m1 at thread.previous_message_id",
    ],
    [
      "a message to compare with",
      { diagnostics: { previous_message_id: "m1" } },
      "message m1 at diagnostics.previous_message_id",
    ],
    ["a container by its id", { container: "k1" }, "container k1 at container"],
    ["a container as an object", { container: { id: "k1", skills: [] } }, "container k1 at container"],
    [
      "a container of a tool",
      { tools: [{ type: "code_interpreter", container: "k1" }] },
      "container k1 at tools[].container",
    ],
    [
      "a container of an earlier call",
      { input: [{ type: "code_interpreter_call", container_id: "k1" }] },
      "container k1 at container_id",
    ],
    [
      "a container of a shell",
      { tools: [{ type: "shell", environment: { type: "container_reference", container_id: "k1" } }] },
      "container k1 at container_id",
    ],
    ["a file of chat", { messages: user({ type: "file", file: { file_id: "f1" } }) }, "file f1 at file_id"],
    ["a file of responses", { input: user({ type: "input_file", file_id: "f1" }) }, "file f1 at file_id"],
    ["a picture of responses", { input: user({ type: "input_image", file_id: "f1" }) }, "file f1 at file_id"],
    [
      "a file of messages",
      { messages: user({ type: "document", source: { type: "file", file_id: "f1" } }) },
      "file f1 at file_id",
    ],
    ["a file for a container", { messages: user({ type: "container_upload", file_id: "f1" }) }, "file f1 at file_id"],
    [
      "a file of a tool",
      { tools: [{ type: "code_interpreter", container: { type: "auto", file_ids: ["f1"] } }] },
      "file f1 at file_ids",
    ],
    [
      "a file in a variable of a stored prompt",
      { prompt: { id: "p", variables: { map: { type: "input_file", file_id: "f1" } } } },
      "file f1 at file_id",
    ],
    ["a file of a batch", { input_file_id: "f1" }, "file f1 at input_file_id"],
    [
      "a screenshot of a computer",
      { input: [{ type: "computer_call_output", output: { type: "computer_screenshot", file_id: "f1" } }] },
      "file f1 at file_id",
    ],
    ["an item of a response", { input: [{ type: "item_reference", id: "i1" }] }, "item i1 at input[].id"],
    ["an item by its id alone", { input: [{ id: "i1" }] }, "item i1 at input[].id"],
    ["a picture of an earlier call", { input: [{ type: "image_generation_call", id: "i1" }] }, "item i1 at input[].id"],
    ["thoughts that are not sent", { input: [{ type: "reasoning", id: "i1", summary: [] }] }, "item i1 at input[].id"],
    [
      "a question that is answered",
      { input: [{ type: "mcp_approval_response", approval_request_id: "i1", approve: true }] },
      "item i1 at input[].approval_request_id",
    ],
    ["an earlier sound", { messages: [{ role: "assistant", audio: { id: "s1" } }] }, "sound s1 at messages[].audio.id"],
  ])("%s", (_what, body, found) => expect(foundIn(body)).toEqual([found]));

  test("is found behind escapes, and each thing once", () => {
    const text = String.raw`{"messages":[{"content":[{"f\u0069le_id":"f1"},{"file_id":"f1"}]}]}`;
    expect(storedThingsIn(JSON.parse(text), bytesOf(text))).toEqual([{ kind: "file", id: "f1", param: "file_id" }]);
  });

  test("is found behind ids that no provider gives, and with blanks around it", () => {
    const input = [
      { type: "item_reference", id: "a\u0000b" },
      { type: "item_reference", id: " i1\n" },
    ];
    expect(foundIn({ input })).toEqual(["item i1 at input[].id"]);
  });

  test("is no item that says all itself", () => {
    const input = [
      { role: "user", content: "hi" },
      { type: "message", id: "i1", role: "assistant", content: [{ type: "output_text", text: "high" }] },
      { type: "reasoning", id: "i2", summary: [], encrypted_content: "gAAA" },
      { type: "function_call", id: "i3", call_id: "c", name: "f", arguments: "{}" },
      { type: "function_call_output", id: "i4", call_id: "c", output: "high" },
    ];
    expect(foundIn({ input })).toEqual([]);
  });

  test("more of them than one list may have are refused", () => {
    const input = Array.from({ length: 10_001 }, (_, at) => ({ type: "item_reference", id: `i${at}` }));
    expect(() => foundIn({ input })).toThrow("more than 10000");
  });

  test("is nothing in a body that names nothing, whatever its members are called", () => {
    expect(foundIn({ conversation: null, container: { type: "auto" }, thread: { type: "create" }, tools: [] })).toEqual(
      [],
    );
    expect(
      foundIn({ messages: user({ type: "text", text: "file_id: f1" }), tools: [{ container: { type: "auto" } }] }),
    ).toEqual([]);
    expect(foundIn({ file_ids: [1, null, {}], previous_response_id: 7 })).toEqual([]);
  });
});
