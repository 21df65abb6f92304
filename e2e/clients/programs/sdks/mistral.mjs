import { Mistral } from "@mistralai/mistralai";
import { ABOUT, PARAMETERS, PNG, READ } from "../things.mjs";

const clientOf = ({ url, key }) => new Mistral({ apiKey: key, serverURL: url });

async function said(place, messages, more = {}) {
  return (await clientOf(place).chat.complete({ model: place.model, messages, ...more })).choices[0].message;
}

export default {
  plain: async (place, prompt) => (await said(place, [{ role: "user", content: prompt }])).content,
  // Fields that only this vendor has.
  vendor: async (place, prompt) =>
    (
      await said(place, [{ role: "user", content: prompt }], {
        safePrompt: true,
        randomSeed: 7,
        promptMode: "reasoning",
      })
    ).content,
  async stream(place, prompt) {
    let text = "";
    for await (const { data } of await clientOf(place).chat.stream({
      model: place.model,
      messages: [{ role: "user", content: prompt }],
    }))
      text += data.choices[0]?.delta.content ?? "";
    return text;
  },
  async tools(place, prompt) {
    const tools = [{ type: "function", function: { name: "read_note", description: ABOUT, parameters: PARAMETERS } }];
    const first = await said(place, [{ role: "user", content: prompt }], { tools });
    const [call] = first.toolCalls;
    const result = { role: "tool", toolCallId: call.id, content: await READ(JSON.parse(call.function.arguments)) };
    return (await said(place, [{ role: "user", content: prompt }, { ...first, role: "assistant" }, result], { tools }))
      .content;
  },
  image: async (place, prompt) =>
    (
      await said(place, [
        {
          role: "user",
          content: [
            { type: "text", text: prompt },
            { type: "image_url", imageUrl: `data:image/png;base64,${PNG}` },
          ],
        },
      ])
    ).content,
};
