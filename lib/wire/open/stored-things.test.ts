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
  ])("%s", (_what, body, found) => expect(foundIn(body)).toEqual([found]));

  test("is found behind escapes, and each thing once", () => {
    const text = String.raw`{"messages":[{"content":[{"f\u0069le_id":"f1"},{"file_id":"f1"}]}]}`;
    expect(storedThingsIn(JSON.parse(text), bytesOf(text))).toEqual([{ kind: "file", id: "f1", param: "file_id" }]);
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
