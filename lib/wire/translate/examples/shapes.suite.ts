export type Body = Readonly<Record<string, unknown>>;

export const ask = (content: unknown = "hi", more: Body = {}): Body => ({
  messages: [{ role: "user", content, ...more }],
});
export const FUNCTION = { type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } };
export const TOOL = { name: "f", input_schema: { type: "object" } };
export const PNG = { type: "base64", media_type: "image/png", data: "iVBO" };
export const called = (args = '{"a":1}', more: Body = {}) => ({
  messages: [
    { role: "user", content: "hi" },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: args } }],
      ...more,
    },
    { role: "tool", tool_call_id: "c1", content: "42" },
  ],
});
export const used = (result: Body) => ({
  messages: [
    { role: "user", content: "hi" },
    { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "f", input: { a: 1 } }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", ...result }] },
  ],
});
export const schema = { type: "object", properties: { city: { type: "string" } } };

/** A body with a row's field, and what is sent where it is carried. */
export type Example = { readonly body: Body; readonly sent?: Body; readonly isRefused?: true };

export const carried = (body: Body, sent: Body): Example => ({ body, sent });
export const refused = (body: Body): Example => ({ body, isRefused: true });
export const top = (name: string, value: unknown): Body => ({ ...ask(), [name]: value });
