import Anthropic from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";
import { ABOUT, LEVEL, PARAMETERS, PDF, PNG, READ } from "../things.mjs";

const clientOf = ({ url, key }) => new Anthropic({ apiKey: key, baseURL: url });
const asked = ({ model }, content) => ({ model, max_tokens: 300, messages: [{ role: "user", content }] });
const textOf = ({ content }) => content.map(({ text }) => text ?? "").join("");
const send = async (place, content, more = {}) =>
  textOf(await clientOf(place).messages.create({ ...asked(place, content), ...more }));

export default {
  plain: (place, prompt) => send(place, prompt),
  stream: (place, prompt) => clientOf(place).messages.stream(asked(place, prompt)).finalText(),
  async tools(place, prompt) {
    const tool = betaTool({ name: "read_note", description: ABOUT, inputSchema: PARAMETERS, run: READ });
    return textOf(await clientOf(place).beta.messages.toolRunner({ ...asked(place, prompt), tools: [tool] }));
  },
  image: (place, prompt) =>
    send(place, [
      { type: "text", text: prompt },
      { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
    ]),
  document: (place, prompt) =>
    send(place, [
      { type: "text", text: prompt },
      { type: "document", source: { type: "base64", media_type: "application/pdf", data: PDF } },
    ]),
  structured: (place, prompt) =>
    send(place, prompt, { output_config: { format: { type: "json_schema", schema: LEVEL } } }),
  async count(place, prompt) {
    const { max_tokens: _, ...counted } = asked(place, prompt);
    return String((await clientOf(place).messages.countTokens(counted)).input_tokens > 0);
  },
};
