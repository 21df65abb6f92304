import { randomBytes } from "node:crypto";
import dns from "node:dns/promises";
import net from "node:net";
import nodemailer from "nodemailer";
import { Webhook } from "standardwebhooks";
import { Agent } from "undici";
import { z } from "zod";
import { isPublicAddress } from "@/lib/network";
import { publicLookup } from "@/lib/providers/address-guard";
import type { Finding, Severity } from "./rules";

const SEND_MS = 10_000;
const PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue";
const url = z.url({ protocol: /^https?$/ }).max(2000);

/** Where messages are sent, with each kind's own fields. Sealed as a whole in the database. */
export const channelConfig = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("webhook"),
    url,
    /** `whsec_` and base64; absent = one is made, and shown once */
    secret: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/=]{24,}$/, "whsec_ and at least 18 bytes as base64")
      .optional(),
    allowLocal: z.boolean().default(false),
  }),
  z.strictObject({ kind: z.literal("slack"), url, allowLocal: z.boolean().default(false) }),
  z.strictObject({
    kind: z.literal("smtp"),
    host: z.string().min(1).max(255),
    port: z.number().int().min(1).max(65_535),
    /** TLS from the first byte (465); otherwise STARTTLS when the server offers it */
    secure: z.boolean().default(false),
    user: z.string().max(255).optional(),
    password: z.string().max(1000).optional(),
    from: z.email(),
    to: z.array(z.email()).min(1).max(20),
    allowLocal: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.literal("pagerduty"),
    routingKey: z.string().min(8).max(64),
    url: url.default(PAGERDUTY_URL),
    allowLocal: z.boolean().default(false),
  }),
]);
export type ChannelConfig = z.infer<typeof channelConfig>;

/** One message: one rule's new findings, or its findings that are over. */
export type Message = {
  readonly kind: "fired" | "over" | "test";
  readonly rule: string;
  readonly severity: Severity;
  readonly at: string;
  readonly findings: readonly (Pick<Finding, "title" | "detail"> & { readonly dedupeKey: string })[];
  /** link to the console */
  readonly console: string;
};

export function newWebhookSecret(): string {
  return `whsec_${randomBytes(24).toString("base64")}`;
}

/** The part of a channel that people may read: its target, no secret. Webhook addresses are secrets themselves. */
export function shownOf(config: ChannelConfig): string {
  if (config.kind === "smtp") return `${config.to.join(", ")} by ${config.host}:${config.port}`;
  return config.kind === "pagerduty"
    ? `…${config.routingKey.slice(-4)} at ${new URL(config.url).host}`
    : new URL(config.url).host;
}

/** One try. `id` is the same for every try, so a receiver can detect a repeat; `signal` ends the try. */
export type Sending = {
  readonly id: string;
  readonly message: Message;
  readonly now: Date;
  readonly signal: AbortSignal;
};

/** Sends a message once. On failure throws an error whose text may be shown. */
export async function send(config: ChannelConfig, sending: Sending): Promise<void> {
  const { id, message, now, signal } = sending;
  switch (config.kind) {
    case "webhook": {
      const body = JSON.stringify({ type: `alert.${message.kind}`, timestamp: message.at, data: message });
      const signature = new Webhook(config.secret ?? "").sign(id, now, body);
      const headers = {
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
        "webhook-signature": signature,
      };
      return post(config, body, { headers, signal });
    }
    case "slack":
      return post(config, JSON.stringify({ text: slackTextOf(message) }), { signal });
    case "smtp":
      return mail(config, sending);
    case "pagerduty":
      for (const finding of message.findings)
        await post(config, JSON.stringify(eventOf(config.routingKey, message, finding)), { signal });
      return;
    default:
      return config satisfies never;
  }
}

/** A message for people: one line per finding. */
export function textOf({ kind, rule, severity, findings, console: link }: Message): string {
  const head = { fired: `[${severity}] ${rule}`, over: `[over] ${rule}`, test: `[test] ${rule}` }[kind];
  const shown = findings.slice(0, LINES_MAX).map(({ title }) => `• ${inOneLine(title)}`);
  const more = findings.length > LINES_MAX ? [`• and ${findings.length - LINES_MAX} more`] : [];
  return [head, ...shown, ...more, link].join("\n");
}

/** A name that a caller chose must not add a line of its own. */
function inOneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
}

/** The same for Slack: a name that a caller chose must not become a link or a call to everybody in the channel. */
export function slackTextOf(message: Message): string {
  return textOf(message).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const LINES_MAX = 20;

/** PagerDuty Events API v2. */
function eventOf(routingKey: string, { kind, rule, severity, at }: Message, finding: Message["findings"][number]) {
  const base = { routing_key: routingKey, dedup_key: finding.dedupeKey };
  if (kind === "over") return { ...base, event_action: "resolve" };
  const payload = { summary: `${rule}: ${finding.title}`.slice(0, 1024), source: "spillway", severity, timestamp: at };
  return { ...base, event_action: "trigger", payload: { ...payload, custom_details: finding.detail } };
}

async function mail(config: Extract<ChannelConfig, { kind: "smtp" }>, sending: Sending): Promise<void> {
  const { port, secure, user, password } = config;
  const { id, message, signal } = sending;
  signal.throwIfAborted();
  const timeouts = { connectionTimeout: SEND_MS, greetingTimeout: SEND_MS, socketTimeout: SEND_MS };
  const auth = user === undefined ? {} : { auth: { user, pass: password ?? "" } };
  // The checked address is the one that is used; the certificate is still checked against the name.
  const host = await addressOf(config.host, config.allowLocal);
  const tls = net.isIP(config.host) === 0 ? { tls: { servername: config.host } } : {};
  const transport = nodemailer.createTransport({ host, port, secure, ...timeouts, ...auth, ...tls });
  try {
    const [subject = ""] = textOf(message).split("\n");
    const about = message.findings.length === 1 ? `: ${message.findings[0]?.title ?? ""}` : "";
    const sent = transport.sendMail({
      from: config.from,
      to: config.to,
      subject: `${subject}${about}`.slice(0, 200),
      text: textOf(message),
      messageId: `<${id}@spillway>`,
    });
    await Promise.race([sent, whenAborted(signal)]);
  } finally {
    transport.close();
  }
}

/** An address of the host. Refuses names that resolve to internal addresses unless allowed. */
async function addressOf(host: string, allowLocal: boolean): Promise<string> {
  const found = await dns.lookup(host, { all: true });
  if (!allowLocal && found.some(({ address }) => !isPublicAddress(address)))
    throw new Error("the channel's address is not public");
  const [first] = found;
  if (first === undefined) throw new Error("the channel's host has no address");
  return first.address;
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

const local = new Agent({ connect: { timeout: SEND_MS } });
const outside = new Agent({ connect: { timeout: SEND_MS, lookup: publicLookup } });

async function post(
  { url: address, allowLocal }: { url: string; allowLocal: boolean },
  body: string,
  { headers = {}, signal }: { headers?: Record<string, string>; signal: AbortSignal },
): Promise<void> {
  const { origin, pathname, search, hostname } = new URL(address);
  const literal = hostname.replace(/^\[|\]$/g, "");
  if (!allowLocal && /^[\d.]+$|:/.test(literal) && !isPublicAddress(literal))
    throw new Error("the channel's address is not public");
  const response = await (allowLocal ? local : outside).request({
    origin,
    path: `${pathname}${search}`,
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
    headersTimeout: SEND_MS,
    bodyTimeout: SEND_MS,
    signal,
  });
  await response.body.dump();
  if (response.statusCode >= 300) throw new Error(`the channel answered with status ${response.statusCode}`);
}
