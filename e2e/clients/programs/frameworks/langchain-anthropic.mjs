import { ChatAnthropic } from "@langchain/anthropic";
import { langchain } from "./langchain.mjs";

export default langchain(
  ({ url, key, model }) => new ChatAnthropic({ model, apiKey: key, anthropicApiUrl: url, maxTokens: 300 }),
);
