import { ChatOpenAI } from "@langchain/openai";
import { langchain } from "./langchain.mjs";

export default langchain(
  ({ url, key, model }) => new ChatOpenAI({ model, apiKey: key, configuration: { baseURL: `${url}/v1` } }),
);
