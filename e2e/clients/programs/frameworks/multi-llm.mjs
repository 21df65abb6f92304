import { Attachment, igniteEngine, LlmModel, Message, Plugin } from "multi-llm-ts";
import { ABOUT, PNG, READ } from "../things.mjs";

class ReadNote extends Plugin {
  isEnabled = () => true;
  getName = () => "read_note";
  getDescription = () => ABOUT;
  getRunningDescription = () => "Reading";
  getParameters = () => [{ name: "path", type: "string", description: "The file", required: true }];
  execute = async (_context, { path }) => READ({ path });
}

function modelOf({ url, key, model }) {
  const engine = igniteEngine("openai", { apiKey: key, baseURL: `${url}/v1` });
  const capabilities = { tools: true, vision: true, reasoning: false, caching: false };
  return new LlmModel(engine, { id: model, name: model, capabilities });
}
const user = (prompt, ...more) => [new Message("user", prompt, ...more)];

export default {
  plain: async (place, prompt) => (await modelOf(place).complete(user(prompt))).content,
  async stream(place, prompt) {
    let text = "";
    for await (const chunk of modelOf(place).generate(user(prompt))) if (chunk.type === "content") text += chunk.text;
    return text;
  },
  async tools(place, prompt) {
    const model = modelOf(place);
    model.addPlugin(new ReadNote());
    return (await model.complete(user(prompt))).content;
  },
  image: async (place, prompt) =>
    (await modelOf(place).complete(user(prompt, new Attachment(PNG, "image/png")))).content,
};
