import { anthropicErrorFrame } from "./anthropic/error";
import { meterCount, meterMessage } from "./anthropic/meter-body";
import { meterMessagesStream } from "./anthropic/meter-stream";
import { toldOfBatch, toldOfKept } from "./batches/kept-answer";
import type { Call, Endpoint, OtherEndpoint } from "./call";
import { chatAsEvents, chatFromEvents } from "./forms/chat";
import { messageAsEvents, messageFromEvents } from "./forms/messages";
import { responseAsEvents, responseFromEvents } from "./forms/responses";
import { isObject, listOf, member, textOf } from "./json/object";
import { openaiErrorFrame } from "./openai/error";
import { meterChatBody, meterEmbeddings } from "./openai/meter-body";
import { meterChatStream } from "./openai/meter-stream";
import { upstreamChat } from "./openai/upstream-chat";
import { asOther, OTHERS } from "./others/endpoints";
import { OTHER_METERS } from "./others/meter-other";
import { imagesAsEvents, meterImages, meterTranscript, transcriptAsEvents } from "./others/meter-stream";
import { meterKept, meterResponse, meterResponsesStream } from "./responses/meter";
import type { StreamMeter } from "./stream-meter";
import { completionToMessage, messageToCompletion } from "./translate/answer/answers";
import { meterTranslated } from "./translate/answer/meter-translated";
import { streamToChat } from "./translate/answer/stream-to-chat";
import { streamToMessages } from "./translate/answer/stream-to-messages";
import { chatToMessages } from "./translate/chat-to-messages";
import { ToolNames } from "./translate/identity";
import type { OnDropped } from "./translate/losses";
import { messagesToChat } from "./translate/messages-to-chat";
import type { MeteredBody } from "./usage";

/** The wire format of a provider. */
export type ProviderDialect = "openai" | "anthropic";

export type ToSend = {
  readonly call: Call;
  readonly upstreamModel: string;
  readonly maxOutputTokens: number;
  /** OpenAI's own models refuse `max_tokens`; other servers know no other name. */
  readonly capField: "max_tokens" | "max_completion_tokens";
  readonly continuousUsage: boolean;
  /** false: this provider refuses the usage option on streams */
  readonly asksUsage?: boolean;
};

type StreamOptions = {
  readonly call: Call;
  readonly outputBytesMax: number;
  readonly nowSeconds: number;
  readonly estimatedInputTokens: number;
};

/** How calls of one endpoint reach providers of one dialect, and how the answers come back. */
export type Pair = {
  /** after the provider's base URL */
  readonly path: string;
  body(input: ToSend): Record<string, unknown>;
  /**
   * The names of what is dropped on this way. Throws PublicError when something would be dropped that the caller does
   * not allow to be dropped. Absent = nothing can be lost.
   */
  check?(call: Call): readonly string[];
  /** null: these bytes are not an answer */
  whole(bytes: Uint8Array, options: Omit<StreamOptions, "outputBytesMax">): MeteredBody | null;
  stream(options: StreamOptions): StreamMeter;
  /** Converts the provider's two forms of an answer into each other, for servers that answer in the form not asked for. */
  readonly forms: Forms | null;
  /** true: providers of this dialect cannot do it, so nothing is sent to them */
  readonly countsHere?: true;
};

type Forms = {
  /** turns a whole, parsed answer into the text of a stream */
  asEvents(body: Readonly<Record<string, unknown>>): string;
  /** turns the text of a complete stream into a whole answer; null when it is not one. Null: no provider answers so */
  readonly fromEvents: ((text: string) => Record<string, unknown> | null) | null;
};

/** The pair of an endpoint and a provider's dialect; null when there is none. */
export function pairOf(endpoint: Endpoint, dialect: ProviderDialect): Pair | null {
  const other = asOther(endpoint);
  if (other !== null) return dialect === "openai" ? OTHER_PAIRS[other] : null;
  return PAIRS[`${endpoint}>${dialect}`] ?? KEPT_PAIRS[`${endpoint}>${dialect}`] ?? null;
}

const wholeOnly = (): StreamMeter => {
  throw new Error("this endpoint does not stream");
};

const sendsNothing = (): never => {
  throw new Error("providers of this dialect do not serve this endpoint");
};

function toChat({ body, drops = [] }: Call): Record<string, unknown> {
  return messagesToChat(body, new ToolNames(), drops);
}

/** The names that a translation drops, each once. */
function droppedBy(translate: (onDropped: OnDropped) => unknown): string[] {
  const dropped = new Set<string>();
  translate((field) => dropped.add(field));
  return [...dropped];
}

/** The sent names of the call's tools, which an answer uses. */
function sentNames({ body }: Call): ToolNames {
  const names = new ToolNames();
  for (const tool of listOf(body.tools)) names.there(textOf(member(tool, "name")));
  return names;
}

/** The call with the parts that its answer's translation reads, without the megabytes that only the provider needs. */
export function withoutInput(call: Call): Call {
  const { tools, thinking, thread, response_format: format } = call.body;
  const names = listOf(tools).map((tool) => ({ name: textOf(member(tool, "name")) }));
  const { endpoint, model, stream, wantsUsage, maxOutputTokens, choices, user, messageCount, imageCount, asks, batch } =
    call;
  return {
    endpoint,
    model,
    stream,
    wantsUsage,
    maxOutputTokens,
    choices,
    user,
    messageCount,
    imageCount,
    asks,
    batch,
    // A thread's name and a schema may be long, and are not read.
    body: {
      tools: names,
      thinking,
      thread: isObject(thread) ? {} : undefined,
      response_format: typeof format === "string" ? format : undefined,
    },
    inputTexts: [],
    drops: call.drops ?? [],
  };
}

/** Whether the caller asked to see thinking. */
function thinks({ body }: Call): boolean {
  const type = member(body.thinking, "type");
  return type === "enabled" || type === "adaptive";
}

const CHAT: Forms = { asEvents: chatAsEvents, fromEvents: chatFromEvents };
const MESSAGES: Forms = { asEvents: messageAsEvents, fromEvents: messageFromEvents };
const RESPONSES: Forms = { asEvents: responseAsEvents, fromEvents: responseFromEvents };

/** Whether the provider is asked to hold the conversation. */
const isThreaded = ({ body }: Call) => isObject(body.thread);

const PAIRS: Readonly<Record<string, Pair>> = {
  "chat>openai": {
    path: "/chat/completions",
    forms: CHAT,
    body: upstreamChat,
    whole: (bytes, { call }) => meterChatBody(bytes, call.model),
    stream: ({ call, outputBytesMax }) =>
      meterChatStream({ wantsUsage: call.wantsUsage, model: call.model, outputBytesMax, choices: call.choices }),
  },
  "chat>anthropic": {
    path: "/messages",
    forms: MESSAGES,
    check: ({ body, drops = [] }) => droppedBy((onDropped) => chatToMessages(body, 1, drops, onDropped)),
    body: ({ call, upstreamModel, maxOutputTokens }) => ({
      ...chatToMessages(call.body, maxOutputTokens, call.drops ?? []),
      model: upstreamModel,
    }),
    whole: (bytes, { call, nowSeconds }) => {
      const metered = meterMessage(bytes, call.model);
      return metered && { ...metered, body: messageToCompletion(metered.body, nowSeconds) };
    },
    stream: ({ call, outputBytesMax, nowSeconds }) =>
      meterTranslated(
        meterMessagesStream({ model: call.model, outputBytesMax }),
        streamToChat({ model: call.model, created: nowSeconds, wantsUsage: call.wantsUsage }),
        openaiErrorFrame,
      ),
  },
  "messages>anthropic": {
    path: "/messages",
    forms: MESSAGES,
    body: ({ call, upstreamModel, maxOutputTokens }) => ({
      ...call.body,
      model: upstreamModel,
      max_tokens: maxOutputTokens,
    }),
    whole: (bytes, { call }) => meterMessage(bytes, call.model, isThreaded(call)),
    stream: ({ call, outputBytesMax }) =>
      meterMessagesStream({ model: call.model, outputBytesMax, isKept: isThreaded(call) }),
  },
  "messages>openai": {
    path: "/chat/completions",
    forms: CHAT,
    check: ({ body, drops = [] }) => droppedBy((onDropped) => messagesToChat(body, new ToolNames(), drops, onDropped)),
    body: (input) => upstreamChat({ ...input, call: { ...input.call, body: toChat(input.call) } }),
    whole: (bytes, { call, estimatedInputTokens: inputTokens }) => {
      const metered = meterChatBody(bytes, call.model);
      if (metered === null) return null;
      const known = { inputTokens, outputTokens: metered.reading.countedOutputTokens };
      const names = sentNames(call);
      return { ...metered, body: completionToMessage(metered.body, { names, known, showsThinking: thinks(call) }) };
    },
    stream: ({ call, outputBytesMax, estimatedInputTokens: inputTokens }) => {
      const meter = meterChatStream({ wantsUsage: true, model: call.model, outputBytesMax });
      const known = () => ({ inputTokens, outputTokens: meter.reading().countedOutputTokens });
      const names = sentNames(call);
      const translate = streamToMessages({ model: call.model, names, known, showsThinking: thinks(call) });
      return meterTranslated(meter, translate, anthropicErrorFrame);
    },
  },
  "count_tokens>anthropic": {
    path: "/messages/count_tokens",
    forms: null,
    body: ({ call, upstreamModel }) => {
      const { max_tokens: _most, stream: _stream, ...rest } = call.body;
      return { ...rest, model: upstreamModel };
    },
    whole: (bytes) => meterCount(bytes),
    stream: wholeOnly,
  },
  "count_tokens>openai": {
    path: "",
    forms: null,
    body: sendsNothing,
    whole: sendsNothing,
    stream: sendsNothing,
    countsHere: true,
  },
  "responses>openai": {
    path: "/responses",
    forms: RESPONSES,
    body: ({ call, upstreamModel, maxOutputTokens }) => ({
      ...call.body,
      model: upstreamModel,
      max_output_tokens: maxOutputTokens,
    }),
    whole: (bytes, { call }) => meterResponse(bytes, call.model),
    stream: ({ call, outputBytesMax }) => meterResponsesStream({ model: call.model, outputBytesMax }),
  },
  "responses_stored>openai": {
    path: "",
    forms: null,
    body: () => ({}),
    whole: (bytes, { call }) => meterKept(bytes, call.model),
    stream: wholeOnly,
  },
  "embeddings>openai": {
    path: "/embeddings",
    forms: null,
    body: ({ call, upstreamModel }) => ({ ...call.body, model: upstreamModel }),
    whole: (bytes, { call }) => meterEmbeddings(bytes, call.model),
    stream: wholeOnly,
  },
};

/** For calls that name their own path and contain their model. */
const KEPT: Pair = {
  path: "",
  forms: null,
  body: ({ call }) => ({ ...call.body }),
  whole: toldOfKept,
  stream: wholeOnly,
};
const KEPT_PAIRS: Readonly<Record<string, Pair>> = {
  "files>openai": KEPT,
  "batches>openai": KEPT,
  "batches_stored>openai": KEPT,
  "message_files>anthropic": KEPT,
  "message_batches>anthropic": { ...KEPT, whole: toldOfBatch },
  "message_batches_stored>anthropic": { ...KEPT, whole: toldOfBatch },
};

/** Only the model's name changes to the provider's own. */
function otherPair(endpoint: OtherEndpoint): Pair {
  return {
    path: OTHERS[endpoint].path,
    forms: null,
    body: ({ call, upstreamModel }) => ({ ...call.body, model: upstreamModel }),
    whole: (bytes, { call }) => OTHER_METERS[endpoint](bytes, call),
    stream: wholeOnly,
  };
}

const OTHER_PAIRS: Readonly<Record<OtherEndpoint, Pair>> = {
  completions: {
    ...otherPair("completions"),
    // The older API knows no other name for the cap.
    body: (input) => upstreamChat({ ...input, capField: "max_tokens" }),
    stream: ({ call, outputBytesMax }) =>
      meterChatStream({ wantsUsage: call.wantsUsage, model: call.model, outputBytesMax, choices: call.choices }),
  },
  responses_compact: otherPair("responses_compact"),
  responses_input_tokens: otherPair("responses_input_tokens"),
  moderations: otherPair("moderations"),
  images: {
    ...otherPair("images"),
    stream: meterImages,
    forms: { asEvents: imagesAsEvents("image_generation"), fromEvents: null },
  },
  image_edits: {
    ...otherPair("image_edits"),
    stream: meterImages,
    forms: { asEvents: imagesAsEvents("image_edit"), fromEvents: null },
  },
  transcriptions: {
    ...otherPair("transcriptions"),
    stream: meterTranscript,
    forms: { asEvents: transcriptAsEvents, fromEvents: null },
  },
  speech: otherPair("speech"),
  rerank: otherPair("rerank"),
};
