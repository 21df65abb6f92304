import { InferenceClient } from "@huggingface/inference";
import { ABOUT, PARAMETERS, PNG, READ } from "../things.mjs";

const clientOf = ({ url, key }) => new InferenceClient(key, { endpointUrl: `${url}/v1/chat/completions` });
const user = (content) => ({ role: "user", content });

async function said({ model, ...place }, messages, more = {}) {
  return (await clientOf(place).chatCompletion({ model, messages, ...more })).choices[0].message;
}

export default {
  plain: async (place, prompt) => (await said(place, [user(prompt)])).content,
  async stream(place, prompt) {
    let text = "";
    for await (const chunk of clientOf(place).chatCompletionStream({ model: place.model, messages: [user(prompt)] }))
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
  image: async (place, prompt) =>
    (
      await said(place, [
        user([
          { type: "text", text: prompt },
          { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
        ]),
      ])
    ).content,
};
