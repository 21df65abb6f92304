import { MESSAGES_FIELDS } from "../anthropic/parse-messages";
import type { Endpoint } from "../call";
import { CHAT_FIELDS } from "../openai/parse-chat";
import { EMBEDDINGS_FIELDS } from "../openai/parse-embeddings";
import { OTHERS } from "../others/endpoints";
import { RESPONSES_FIELDS } from "../responses/parse-responses";

/** The known members of a body, by endpoint. */
export const KNOWN_FIELDS: Readonly<Record<Endpoint, ReadonlySet<string>>> = {
  chat: CHAT_FIELDS,
  responses: RESPONSES_FIELDS,
  responses_stored: new Set(),
  embeddings: EMBEDDINGS_FIELDS,
  files: new Set(),
  batches: new Set(["input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after"]),
  batches_stored: new Set(),
  message_files: new Set(),
  message_batches: new Set(["requests"]),
  message_batches_stored: new Set(),
  messages: MESSAGES_FIELDS,
  count_tokens: MESSAGES_FIELDS,
  completions: OTHERS.completions.fields,
  responses_compact: OTHERS.responses_compact.fields,
  responses_input_tokens: RESPONSES_FIELDS,
  moderations: OTHERS.moderations.fields,
  images: OTHERS.images.fields,
  image_edits: OTHERS.image_edits.fields,
  transcriptions: OTHERS.transcriptions.fields,
  speech: OTHERS.speech.fields,
  rerank: OTHERS.rerank.fields,
};

/** Top-level members that are read here. A seed is not: the provider gets it, whatever number it is. */
export const READ_FIELDS: ReadonlySet<string> = new Set(
  Object.values(KNOWN_FIELDS).flatMap((fields) => [...fields].filter((name) => name !== "seed")),
);
