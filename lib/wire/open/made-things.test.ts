import { describe, expect, test } from "vitest";
import { madeByChoices, madeByMessage, madeByResponse } from "./made-things";

const item = (id: unknown, more: object = {}) => ({ type: "message", id, ...more });

describe("what an answer made that its provider keeps", () => {
  test("of a response: its items, its conversation and its containers, each once", () => {
    const conversation = { id: "conv_0123456789abcdef" };
    const code = item("ci_0123456789abcdef", { container_id: "cntr_0123456789abcdef" });
    expect(madeByResponse({ conversation }, [item("msg_0123456789abcdef"), code, code])).toEqual([
      { kind: "conversation", id: "conv_0123456789abcdef" },
      { kind: "item", id: "msg_0123456789abcdef" },
      { kind: "item", id: "ci_0123456789abcdef" },
      { kind: "container", id: "cntr_0123456789abcdef" },
    ]);
  });

  test("of one that is not kept, its containers alone", () => {
    const code = item("ci_0123456789abcdef", { container_id: "cntr_0123456789abcdef" });
    expect(madeByResponse({ store: false }, [code])).toEqual([{ kind: "container", id: "cntr_0123456789abcdef" }]);
  });

  test("ids that others may have as well are nobody's", () => {
    expect(
      madeByResponse({}, [item("msg_1"), item(7), item("x".repeat(300)), item("a\u0000".repeat(9)), null]),
    ).toEqual([]);
  });

  test("of a spoken answer: its sound, whole and in pieces", () => {
    const audio = { id: "audio_0123456789abcdef" };
    const made = [{ kind: "sound", id: audio.id }];
    expect(madeByChoices([{ message: { audio } }])).toEqual(made);
    expect(madeByChoices([{ delta: { audio } }, { delta: {} }])).toEqual(made);
    expect(madeByChoices([{ delta: { content: "a" } }])).toEqual([]);
  });

  test("of a message: its container", () => {
    const container = { id: "container_0123456789abcdef", expires_at: "2030-01-01T00:00:00Z" };
    expect(madeByMessage({ container })).toEqual([{ kind: "container", id: container.id }]);
    expect(madeByMessage({ container: null })).toEqual([]);
  });
});
