import { Agent, OpenAIProvider, Runner, tool } from "@openai/agents";
import { z } from "zod";
import { ABOUT, PNG, READ } from "../things.mjs";

function runnerOf({ url, key }, useResponses) {
  const modelProvider = new OpenAIProvider({ apiKey: key, baseURL: `${url}/v1`, useResponses });
  return new Runner({ modelProvider, tracingDisabled: true });
}

const agentOf = ({ model }, more = {}) =>
  new Agent({ name: "Warden", instructions: "Watch the river.", model, ...more });

async function said(place, input, { agent = agentOf(place), useResponses = true } = {}) {
  return (await runnerOf(place, useResponses).run(agent, input)).finalOutput;
}

export default {
  plain: (place, prompt) => said(place, prompt),
  async stream(place, prompt) {
    const result = await runnerOf(place, true).run(agentOf(place), prompt, { stream: true });
    await result.completed;
    return result.finalOutput;
  },
  tools(place, prompt) {
    const parameters = z.object({ path: z.string() });
    const read = tool({ name: "read_note", description: ABOUT, parameters, execute: READ });
    return said(place, prompt, { agent: agentOf(place, { tools: [read] }) });
  },
  image: (place, prompt) =>
    said(place, [
      {
        role: "user",
        content: [
          { type: "input_text", text: prompt },
          { type: "input_image", image: `data:image/png;base64,${PNG}` },
        ],
      },
    ]),
  structured: async (place, prompt) =>
    JSON.stringify(
      await said(place, prompt, { agent: agentOf(place, { outputType: z.object({ level: z.string() }) }) }),
    ),
  chat: (place, prompt) => said(place, prompt, { useResponses: false }),
};
