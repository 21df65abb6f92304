import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { ABOUT, PNG, READ } from "../things.mjs";

const settings = ({ url, key }) => ({ baseURL: `${url}/v1`, apiKey: key });
const responses = (place) => createOpenAI(settings(place))(place.model);
const chat = (place) => createOpenAI(settings(place)).chat(place.model);
const anthropic = (place) => createAnthropic(settings(place))(place.model);
const compatible = (place) =>
  createOpenAICompatible({ ...settings(place), name: "spillway", supportsStructuredOutputs: true })(place.model);

function doings(modelOf) {
  return {
    plain: async (place, prompt) => (await generateText({ model: modelOf(place), prompt })).text,
    async stream(place, prompt) {
      let failed = null;
      const onError = ({ error }) => (failed = error);
      let text = "";
      for await (const piece of streamText({ model: modelOf(place), prompt, onError }).textStream) text += piece;
      if (failed !== null) throw failed;
      return text;
    },
    async tools(place, prompt) {
      const read_note = tool({ description: ABOUT, inputSchema: z.object({ path: z.string() }), execute: READ });
      return (await generateText({ model: modelOf(place), prompt, tools: { read_note }, stopWhen: stepCountIs(3) }))
        .text;
    },
    async image(place, prompt) {
      const content = [
        { type: "text", text: prompt },
        { type: "image", image: Buffer.from(PNG, "base64"), mediaType: "image/png" },
      ];
      return (await generateText({ model: modelOf(place), messages: [{ role: "user", content }] })).text;
    },
  };
}

const named = (name, all) => Object.fromEntries(Object.entries(all).map(([what, does]) => [`${name}, ${what}`, does]));

export default {
  ...doings(compatible),
  ...named("chat", doings(chat)),
  ...named("responses", doings(responses)),
  ...named("messages", doings(anthropic)),
};
