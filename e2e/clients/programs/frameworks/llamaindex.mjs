import { Anthropic } from "@llamaindex/anthropic";
import { OpenAI } from "@llamaindex/openai";
import { FunctionTool } from "llamaindex";
import { ABOUT, PARAMETERS, PNG, READ } from "../things.mjs";

const openai = ({ url, key, model }) => new OpenAI({ model, apiKey: key, baseURL: `${url}/v1` });
function anthropic({ url, key, model }) {
  process.env.ANTHROPIC_BASE_URL = url;
  return new Anthropic({ model, apiKey: key, maxTokens: 300 });
}
const user = (content) => ({ role: "user", content });

function doings(modelOf) {
  return {
    plain: async (place, prompt) => (await modelOf(place).chat({ messages: [user(prompt)] })).message.content,
    async stream(place, prompt) {
      let text = "";
      for await (const { delta } of await modelOf(place).chat({ messages: [user(prompt)], stream: true }))
        text += delta;
      return text;
    },
    async tools(place, prompt) {
      const tools = [FunctionTool.from(READ, { name: "read_note", description: ABOUT, parameters: PARAMETERS })];
      const llm = modelOf(place);
      const { message } = await llm.chat({ messages: [user(prompt)], tools });
      const [{ id, input }] = message.options.toolCall;
      const args = typeof input === "string" ? JSON.parse(input) : input;
      const result = {
        role: "user",
        content: "",
        options: { toolResult: { id, result: await READ(args), isError: false } },
      };
      return (await llm.chat({ messages: [user(prompt), message, result], tools })).message.content;
    },
    async image(place, prompt) {
      const picture = { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } };
      return (await modelOf(place).chat({ messages: [user([{ type: "text", text: prompt }, picture])] })).message
        .content;
    },
  };
}

const { plain, stream, tools } = doings(anthropic);

export default { ...doings(openai), "messages, plain": plain, "messages, stream": stream, "messages, tools": tools };
