import openAICompatible from "@genkit-ai/compat-oai";
import { genkit, z } from "genkit";
import { ABOUT, PNG, READ } from "../things.mjs";

function aiOf({ url, key }) {
  return genkit({ plugins: [openAICompatible({ name: "spillway", apiKey: key, baseURL: `${url}/v1` })] });
}
const modelOf = ({ model }) => `spillway/${model}`;

export default {
  plain: async (place, prompt) => (await aiOf(place).generate({ model: modelOf(place), prompt })).text,
  async stream(place, prompt) {
    const { stream, response } = aiOf(place).generateStream({ model: modelOf(place), prompt });
    let text = "";
    for await (const chunk of stream) text += chunk.text;
    await response;
    return text;
  },
  async tools(place, prompt) {
    const ai = aiOf(place);
    const inputSchema = z.object({ path: z.string() });
    const read = ai.defineTool({ name: "read_note", description: ABOUT, inputSchema, outputSchema: z.string() }, READ);
    return (await ai.generate({ model: modelOf(place), prompt, tools: [read] })).text;
  },
  async image(place, prompt) {
    const parts = [{ text: prompt }, { media: { url: `data:image/png;base64,${PNG}`, contentType: "image/png" } }];
    return (await aiOf(place).generate({ model: modelOf(place), prompt: parts })).text;
  },
};
