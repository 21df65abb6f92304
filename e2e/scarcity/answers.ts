import { answering, type Script } from "../fixtures/scripted";

/** What a provider answers to a call that it serves. */
export const BODY = {
  id: "x",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
};
export const ANSWER: Script = answering(200, BODY);

/** A 429 that names its wait. */
export const LIMITED = (seconds: string): Script =>
  answering(429, { error: { message: "slow" } }, { "retry-after": seconds });
