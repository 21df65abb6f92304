import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { PublicError } from "@/lib/errors";
import { chatToMessages } from "./chat-to-messages";
import { CHAT_EXAMPLES } from "./examples/chat.suite";
import { MESSAGES_EXAMPLES } from "./examples/messages.suite";
import { type Body, type Example, schema, top } from "./examples/shapes.suite";
import { type Direction, FIELDS, type FieldRow } from "./fields";
import { ToolNames } from "./identity";
import { DROP_HEADER, dropsIn } from "./losses";
import { messagesToChat } from "./messages-to-chat";

const translate = (direction: Direction, body: Body, drops: readonly string[] = []) =>
  direction === "chat>messages" ? chatToMessages(body, 100, drops) : messagesToChat(body, new ToolNames(), drops);

/** Carried fields with their translation, and refused values of the same fields. */
const EXAMPLES: Readonly<Record<Direction, Readonly<Record<string, readonly Example[]>>>> = {
  "chat>messages": CHAT_EXAMPLES,
  "messages>chat": MESSAGES_EXAMPLES,
};

const cases = (Object.keys(EXAMPLES) as Direction[]).flatMap((direction) =>
  Object.entries(EXAMPLES[direction]).flatMap(([field, examples]) =>
    examples.map((example, at) => ({ direction, field, at, ...example })),
  ),
);
const WITHOUT_MARK = /"(cache_control|defer_loading|detail|thinking|reasoning_content|annotations)"/;

describe("every row of the table holds", () => {
  test.each(cases)("$direction $field ($at)", ({ direction, field, body, sent, isRefused }) => {
    if (isRefused === true) {
      const refusal = thrownBy(() => translate(direction, body));
      expect(refusal).toMatchObject({ code: "field_not_translatable", status: 400 });
      expect(refusal?.message).toContain(`${DROP_HEADER}: ${field}`);
      expect(refusal?.param?.replaceAll(/\.\d+/g, "[]").split(/[.[]/)[0]).toBe(field.split(/[.[]/)[0]);
      for (const drops of [[field], ["*"]]) expect(() => translate(direction, body, drops)).not.toThrow();
    } else if (sent === undefined) {
      expect(JSON.stringify(translate(direction, body))).not.toMatch(WITHOUT_MARK);
    } else expect(translate(direction, body)).toMatchObject(sent);
  });

  test("and every row is run", () => {
    const run = new Set(cases.map(({ direction, field }) => `${direction} ${field}`));
    expect(FIELDS.filter(({ direction, field }) => !run.has(`${direction} ${field}`))).toEqual([]);
    const kinds = (row: FieldRow) => cases.filter((one) => one.direction === row.direction && one.field === row.field);
    const wrong = FIELDS.filter((row) => kinds(row).some(({ isRefused }) => isRefused) !== (row.what === "refused"));
    // A carried field may have values that are not carried: those are refused with the same name.
    expect(wrong.filter(({ what }) => what !== "carried")).toEqual([]);
  });
});

test("the refusal of a tool says which one it is", () => {
  const tool = { type: "web_search_20250305", name: "web_search" };
  const refusal = thrownBy(() => translate("messages>chat", top("tools", [tool])));
  expect(refusal?.message).toContain('"tools.0.type" ("web_search_20250305")');
  const nameless = thrownBy(() => translate("messages>chat", top("tools", [{ name: "bash" }])));
  expect(nameless?.message).toContain('"tools.0.type" ("bash")');
});

function thrownBy(run: () => unknown): PublicError | null {
  try {
    run();
    return null;
  } catch (error) {
    return error instanceof PublicError ? error : null;
  }
}

test("docs/api.md has the table as it is in code", () => {
  const doc = fs.readFileSync(new URL("../../../docs/api.md", import.meta.url), "utf8");
  const lines = FIELDS.map(({ direction, field, what, becomes }) => {
    const way = direction === "chat>messages" ? "chat → Anthropic" : "messages → OpenAI";
    return `| ${way} | \`${field}\` | ${what} | ${becomes || "no counterpart"} |`;
  });
  const missing = lines.filter((line) => !doc.includes(line));
  expect(missing.join("\n")).toBe("");
});

test("names in the header are read as a list, bounded", () => {
  expect(dropsIn(" top_k ,, thinking")).toEqual(["top_k", "thinking"]);
  expect(dropsIn(undefined)).toEqual([]);
});

test("what may be dropped is dropped also where it could be carried", () => {
  const body = top("output_config", { effort: "high", format: { type: "json_schema", schema } });
  expect(translate("messages>chat", body, ["output_config.effort"])).not.toHaveProperty("reasoning_effort");
  expect(
    translate("messages>chat", { ...body, thinking: { type: "enabled", budget_tokens: 1024 } }, ["thinking"]),
  ).toMatchObject({
    reasoning_effort: "high",
  });
});
