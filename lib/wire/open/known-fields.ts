import { MESSAGES_FIELDS } from "../anthropic/parse-messages";
import type { Endpoint } from "../call";
import { CHAT_FIELDS } from "../openai/parse-chat";
import { EMBEDDINGS_FIELDS } from "../openai/parse-embeddings";
import { RESPONSES_FIELDS } from "../responses/parse-responses";

/** The members of a body that are known here, by endpoint. */
export const KNOWN_FIELDS: Readonly<Record<Endpoint, ReadonlySet<string>>> = {
  chat: CHAT_FIELDS,
  responses: RESPONSES_FIELDS,
  embeddings: EMBEDDINGS_FIELDS,
  messages: MESSAGES_FIELDS,
  count_tokens: MESSAGES_FIELDS,
};
