import { Agent } from "@mastra/core/agent";
import { createTool } from "@mastra/core/tools";
import { z } from "zod";
import { ABOUT, PNG, READ } from "../things.mjs";

function agentOf({ url, key, model }, more = {}) {
  const settings = { id: `spillway/${model}`, url: `${url}/v1`, apiKey: key };
  return new Agent({ id: "warden", name: "Warden", instructions: "Watch the river.", model: settings, ...more });
}

export default {
  plain: async (place, prompt) => (await agentOf(place).generate(prompt)).text,
  async stream(place, prompt) {
    const stream = await agentOf(place).stream(prompt);
    let text = "";
    for await (const piece of stream.textStream) text += piece;
    return text;
  },
  async tools(place, prompt) {
    const inputSchema = z.object({ path: z.string() });
    const read_note = createTool({ id: "read_note", description: ABOUT, inputSchema, execute: READ });
    return (await agentOf(place, { tools: { read_note } }).generate(prompt)).text;
  },
  async image(place, prompt) {
    const content = [
      { type: "text", text: prompt },
      { type: "image", image: `data:image/png;base64,${PNG}`, mimeType: "image/png" },
    ];
    return (await agentOf(place).generate([{ role: "user", content }])).text;
  },
};
