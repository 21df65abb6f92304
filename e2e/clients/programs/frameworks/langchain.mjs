import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { PARAMETERS, PNG, READ } from "../things.mjs";

/** What both packages of LangChain do. */
export function langchain(modelOf) {
  const tool = { name: "read_note", description: "Reads a note", schema: PARAMETERS };
  return {
    plain: async (place, prompt) => (await modelOf(place).invoke(prompt)).text,
    async stream(place, prompt) {
      let text = "";
      for await (const chunk of await modelOf(place).stream(prompt)) text += chunk.text;
      return text;
    },
    async tools(place, prompt) {
      const model = modelOf(place).bindTools([tool]);
      const first = await model.invoke(prompt);
      const [call] = first.tool_calls;
      const result = new ToolMessage({ tool_call_id: call.id, content: await READ(call.args) });
      return (await model.invoke([new HumanMessage(prompt), first, result])).text;
    },
    image: async (place, prompt) =>
      (
        await modelOf(place).invoke([
          new HumanMessage({
            content: [
              { type: "text", text: prompt },
              { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
            ],
          }),
        ])
      ).text,
  };
}
