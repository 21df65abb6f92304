import OpenAI from "openai";
import { LEVEL, PDF, PNG, READ } from "../things.mjs";

const clientOf = ({ url, key }) => new OpenAI({ apiKey: key, baseURL: `${url}/v1` });
const user = (content) => [{ role: "user", content }];
const parameters = { type: "object", properties: { path: { type: "string" } }, required: ["path"] };

async function chat(place, messages, more = {}) {
  const { choices } = await clientOf(place).chat.completions.create({ model: place.model, messages, ...more });
  return choices[0].message.content;
}

export default {
  plain: (place, prompt) => chat(place, user(prompt)),
  async stream(place, prompt) {
    const asked = { model: place.model, messages: user(prompt), stream: true };
    let text = "";
    for await (const chunk of await clientOf(place).chat.completions.create(asked))
      text += chunk.choices[0]?.delta.content ?? "";
    return text;
  },
  tools(place, prompt) {
    const tool = { name: "read_note", description: "Reads a note", parameters, function: READ, parse: JSON.parse };
    return clientOf(place)
      .chat.completions.runTools({
        model: place.model,
        messages: user(prompt),
        tools: [{ type: "function", function: tool }],
      })
      .finalContent();
  },
  image: (place, prompt) =>
    chat(
      place,
      user([
        { type: "text", text: prompt },
        { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
      ]),
    ),
  document: (place, prompt) =>
    chat(
      place,
      user([
        { type: "text", text: prompt },
        { type: "file", file: { filename: "river.pdf", file_data: `data:application/pdf;base64,${PDF}` } },
      ]),
    ),
  structured: (place, prompt) =>
    chat(place, user(prompt), {
      response_format: { type: "json_schema", json_schema: { name: "level", schema: LEVEL, strict: true } },
    }),
  async responses(place, prompt) {
    return (await clientOf(place).responses.create({ model: place.model, input: prompt })).output_text;
  },
  async "responses, stream"(place, prompt) {
    const stream = clientOf(place).responses.stream({ model: place.model, input: prompt });
    return (await stream.finalResponse()).output_text;
  },
};
