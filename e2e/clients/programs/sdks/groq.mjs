import Groq from "groq-sdk";
import { ABOUT, PARAMETERS, PNG, READ } from "../things.mjs";

const clientOf = ({ url, key }) => new Groq({ apiKey: key, baseURL: url });

async function said(place, messages, more = {}) {
  const answer = await clientOf(place).chat.completions.create({ model: place.model, messages, ...more });
  return answer.choices[0].message;
}

export default {
  plain: async (place, prompt) => (await said(place, [{ role: "user", content: prompt }])).content,
  async stream(place, prompt) {
    const asked = { model: place.model, messages: [{ role: "user", content: prompt }], stream: true };
    let text = "";
    for await (const chunk of await clientOf(place).chat.completions.create(asked))
      text += chunk.choices[0]?.delta.content ?? "";
    return text;
  },
  async tools(place, prompt) {
    const tools = [{ type: "function", function: { name: "read_note", description: ABOUT, parameters: PARAMETERS } }];
    const first = await said(place, [{ role: "user", content: prompt }], { tools });
    const [call] = first.tool_calls;
    const result = { role: "tool", tool_call_id: call.id, content: await READ(JSON.parse(call.function.arguments)) };
    return (await said(place, [{ role: "user", content: prompt }, first, result], { tools })).content;
  },
  image: async (place, prompt) =>
    (
      await said(place, [
        {
          role: "user",
          content: [
            { type: "text", text: prompt },
            { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
          ],
        },
      ])
    ).content,
};
