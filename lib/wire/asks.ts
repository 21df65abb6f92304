import { PublicError } from "@/lib/errors";
import type { Asks } from "@/lib/money/cost";
import { servedAs } from "@/lib/money/served-as";
import { isObject, listOf, member, textOf } from "./json/object";

/** It is priced by this name and written into the books. */
const TIER = /^[\x20-\x7e]{0,32}$/;
const TIER_PARAM = { param: "service_tier" };
const GEO_PARAM = { param: "inference_geo" };

/** Uses of a hosted tool that are reserved when a request sets no bound; more uses are settled as debt. */
const USES_HELD = 10;
const USES_MAX = 1000;

/**
 * The parts of a body that have their own price, in any dialect: the service tier, cache marks, hosted tools, sound. Throws
 * PublicError for a tier that is no name.
 */
export function asksOf(body: Readonly<Record<string, unknown>>): Asks {
  const tier = textOf(body.service_tier);
  if (!TIER.test(tier)) throw new PublicError("invalid_value", "service_tier must be a short name.", TIER_PARAM);
  const modalities = listOf(body.modalities);
  const outputParts = [
    ...(modalities.includes("audio") ? (["audioOutput"] as const) : []),
    ...(modalities.includes("image") ? (["imageOutput"] as const) : []),
  ];
  const geo = textOf(body.inference_geo);
  if (!TIER.test(geo)) throw new PublicError("invalid_value", "inference_geo must be a short name.", GEO_PARAM);
  const serviceTier = servedAs({ tier, speed: body.speed, geo });
  return { serviceTier, cacheWrite: marksIn(body), tools: hostedTools(body), hasMedia: false, outputParts };
}

/** The most expensive cache mark in a body; `readsTo` bounds how deep blocks may be nested. */
function marksIn(value: unknown, readsTo = MARKS_DEPTH): "cacheWrite" | "cacheWriteHour" | null {
  if (readsTo === 0) return null;
  if (isObject(value) && isObject(value.cache_control)) {
    if (value.cache_control.ttl === "1h") return "cacheWriteHour";
    return inner(value, readsTo) ?? "cacheWrite";
  }
  return inner(value, readsTo);
}

const MARKS_DEPTH = 16;

function inner(value: unknown, readsTo: number): "cacheWrite" | "cacheWriteHour" | null {
  const values = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  let dearest: "cacheWrite" | null = null;
  for (const one of values) {
    if (typeof one !== "object" || one === null) continue;
    const mark = marksIn(one, readsTo - 1);
    if (mark === "cacheWriteHour") return mark;
    dearest ??= mark;
  }
  return dearest;
}

/** Tools and plugins that the provider runs, by the name of their fee, without free ones and those that the caller runs. */
function hostedTools(body: Readonly<Record<string, unknown>>): Asks["tools"] {
  const bound = body.max_tool_calls;
  const tools = listOf(body.tools).flatMap((tool) => {
    const fee = feeOfTool(textOf(member(tool, "type")));
    return fee === null ? [] : [{ fee: sized(fee, tool), most: usesOf(member(tool, "max_uses") ?? bound) }];
  });
  const searches = body.web_search_options === undefined ? [] : [{ fee: "web_search", most: 1 }];
  const sources = body.search_parameters;
  const found = isObject(sources) ? [{ fee: "search_source", most: usesOf(sources.max_search_results) }] : [];
  const plugins = listOf(body.plugins).map((plugin) => {
    const id = textOf(member(plugin, "id"));
    return {
      fee: id === "web" ? "web_search" : id.slice(0, FEE_CHARS_MAX),
      most: usesOf(member(plugin, "max_results")),
    };
  });
  return [...tools, ...searches, ...found, ...plugins];
}

/** A container with more memory than usual costs a multiple, so it is a service of its own. */
function sized(fee: string, tool: unknown): string {
  const memory = textOf(member(member(tool, "container"), "memory_limit"));
  return memory === "" || memory === USUAL_MEMORY ? fee : `${fee}_${memory}`.slice(0, FEE_CHARS_MAX);
}

const USUAL_MEMORY = "1g";
const FEE_CHARS_MAX = 64;

function usesOf(most: unknown): number {
  return typeof most === "number" && Number.isInteger(most) && most >= 0 ? Math.min(most, USES_MAX) : USES_HELD;
}

/** Tools that the caller runs, and provider tools that cost nothing but tokens. */
const FREE =
  /^(function|custom|namespace|mcp|mcp_toolset|local_shell|shell|apply_patch|computer|computer_use_preview|tool_search\w*|programmatic_tool_calling)$|^(bash|text_editor|computer|memory|web_fetch|tool_search_tool\w*)_\d{8}$|^$/;

const PRICED: readonly (readonly [RegExp, string])[] = [
  [/^(web_search|x_search)/, "web_search"],
  [/^(file_search|collections_search)/, "file_search"],
  [/^code_(interpreter|execution)/, "code_execution"],
  [/^image_generation/, "image_generation"],
];

function feeOfTool(type: string): string | null {
  if (FREE.test(type)) return null;
  return PRICED.find(([pattern]) => pattern.test(type))?.[1] ?? type.slice(0, FEE_CHARS_MAX);
}
