import { TokenJS } from "token.js";
import { ABOUT, PARAMETERS, PNG, READ } from "../things.mjs";

const user = (content) => ({ role: "user", content });

function completing({ url, key, model }, messages, more = {}) {
  const client = new TokenJS({ apiKey: key, baseURL: `${url}/v1` });
  return client.chat.completions.create({ provider: "openai-compatible", model, messages, ...more });
}
const said = async (...asked) => (await completing(...asked)).choices[0].message;

export default {
  plain: async (place, prompt) => (await said(place, [user(prompt)])).content,
  async stream(place, prompt) {
    let text = "";
    for await (const chunk of await completing(place, [user(prompt)], { stream: true }))
      text += chunk.choices[0]?.delta.content ?? "";
    return text;
  },
  async tools(place, prompt) {
    const tools = [{ type: "function", function: { name: "read_note", description: ABOUT, parameters: PARAMETERS } }];
    const first = await said(place, [user(prompt)], { tools });
    const [call] = first.tool_calls;
    const result = { role: "tool", tool_call_id: call.id, content: await READ(JSON.parse(call.function.arguments)) };
    return (await said(place, [user(prompt), first, result], { tools })).content;
  },
  async image(place, prompt) {
    const picture = { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } };
    return (await said(place, [user([{ type: "text", text: prompt }, picture])])).content;
  },
};
