import Instructor from "@instructor-ai/instructor";
import OpenAI from "openai";
import { z } from "zod";

async function extract({ url, key, model }, prompt, mode, schema) {
  const client = Instructor({ client: new OpenAI({ apiKey: key, baseURL: `${url}/v1` }), mode });
  const asked = { model, messages: [{ role: "user", content: prompt }] };
  const { _meta, ...said } = await client.chat.completions.create({
    ...asked,
    response_model: { schema, name: "Note" },
    max_retries: 0,
  });
  return JSON.stringify(said);
}

export default {
  plain: (place, prompt) => extract(place, prompt, "TOOLS", z.object({ path: z.string() })),
  structured: (place, prompt) => extract(place, prompt, "JSON_SCHEMA", z.object({ level: z.string() })),
};
