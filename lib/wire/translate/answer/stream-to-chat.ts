import { AnthropicUsage } from "../../anthropic/usage";
import { isObject, listOf, member, parseObject, textOf } from "../../json/object";
import { eventText } from "../../stream-meter";
import { usageToOpenai } from "./answers";
import { finishReason } from "./stop-reasons";

/** A tool call in progress: its position among the calls, and the content that its start had instead of pieces. */
type Call = { readonly order: number; readonly whole: string; hasPieces: boolean };

type ChatStreamOptions = {
  readonly model: string;
  /** epoch seconds */
  readonly created: number;
  readonly wantsUsage: boolean;
};

/**
 * Anthropic's stream events, one at a time, as chunks of a chat completion. Usage is sent in a separate last chunk when
 * the caller asked for it. Pieces belong to the block of their index. Pieces are dropped when their block has no
 * counterpart (the provider's own tools) or never began.
 */
export function streamToChat(options: ChatStreamOptions): (data: string) => string {
  const stream = new ChatStream(options);
  return (data) => {
    const event = parseObject(data);
    switch (event?.type) {
      case "message_start":
        return stream.start(event.message);
      case "content_block_start":
        return stream.begin(event.index, event.content_block);
      case "content_block_delta":
        return stream.more(event.index, event.delta);
      case "content_block_stop":
        return stream.end(event.index);
      case "message_delta":
        stream.note(member(event.delta, "stop_reason"), event.usage);
        return "";
      case "message_stop":
        return stream.stop();
      default:
        return "";
    }
  };
}

class ChatStream {
  readonly #options: ChatStreamOptions;
  readonly #open = new Map<unknown, Call>();
  readonly #usage = new AnthropicUsage();
  #id = "";
  #hasRole = false;
  #calls = 0;
  #finish: string | null = null;

  constructor(options: ChatStreamOptions) {
    this.#options = options;
  }

  /** A second message in the same stream continues the first: its blocks are numbered from 0 again. */
  start(message: unknown): string {
    this.#id ||= `chatcmpl-${textOf(member(message, "id"))}`;
    this.#usage.take(member(message, "usage"));
    const opening = this.#hasRole ? "" : this.#delta({ role: "assistant", content: "" });
    this.#hasRole = true;
    const left = this.#endAll();
    // Some servers send a message that is already whole.
    const blocks = listOf(member(message, "content")).map(
      (block, at) => this.begin(`whole ${at}`, block) + this.end(`whole ${at}`),
    );
    this.#noteReason(member(message, "stop_reason"));
    return opening + left + blocks.join("");
  }

  begin(index: unknown, block: unknown): string {
    const type = member(block, "type");
    if (type === "text" && textOf(member(block, "text")) !== "") return this.#delta({ content: member(block, "text") });
    if (type !== "tool_use") return "";
    const input = member(block, "input");
    const whole = isObject(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : "";
    const call = { order: this.#calls, whole, hasPieces: false };
    this.#calls += 1;
    this.#open.set(index, call);
    const called = { name: textOf(member(block, "name")), arguments: "" };
    return this.#delta({
      tool_calls: [{ index: call.order, id: textOf(member(block, "id")), type: "function", function: called }],
    });
  }

  more(index: unknown, value: unknown): string {
    const text = member(value, "text");
    if (typeof text === "string") return this.#delta({ content: text });
    const thinking = member(value, "thinking");
    if (typeof thinking === "string") return this.#delta({ reasoning_content: thinking });
    const json = member(value, "partial_json");
    const call = this.#open.get(index);
    if (typeof json !== "string" || json === "" || call === undefined) return "";
    call.hasPieces = true;
    return this.#piece(call, json);
  }

  end(index: unknown): string {
    const call = this.#open.get(index);
    this.#open.delete(index);
    return call === undefined || call.hasPieces ? "" : this.#piece(call, call.whole || "{}");
  }

  note(reason: unknown, usage: unknown): void {
    this.#noteReason(reason);
    this.#usage.take(usage);
  }

  /** Ends what is still open, then sends the reason, the usage if it was asked for, and the end of the stream. */
  stop(): string {
    const left = this.#endAll();
    const last = this.#delta({}, finishReason(this.#finish, this.#calls > 0));
    const totals = this.#options.wantsUsage ? this.#chunk([], { usage: usageToOpenai(this.#usage) }) : "";
    return `${left}${last}${totals}${eventText("[DONE]")}`;
  }

  #endAll(): string {
    return [...this.#open.keys()].map((index) => this.end(index)).join("");
  }

  #noteReason(reason: unknown): void {
    if (typeof reason === "string") this.#finish = reason;
  }

  #chunk(choices: unknown[], more: object = {}): string {
    const { created, model } = this.#options;
    return eventText(
      JSON.stringify({ id: this.#id, object: "chat.completion.chunk", created, model, choices, ...more }),
    );
  }

  #delta(value: object, reason: string | null = null): string {
    return this.#chunk([{ index: 0, delta: value, logprobs: null, finish_reason: reason }]);
  }

  #piece({ order }: Call, args: string): string {
    return this.#delta({ tool_calls: [{ index: order, function: { arguments: args } }] });
  }
}
