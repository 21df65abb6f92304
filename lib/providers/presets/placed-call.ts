import type { PathStyle } from "./presets.shared";

/** A call in its dialect. */
type Plain = {
  /** after the base URL */
  readonly path: string;
  /** the caller's, with its question mark; empty = none */
  readonly query: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly upstreamModel: string;
  readonly stream: boolean;
};

type Placed = { readonly path: string; readonly body: Record<string, unknown> };

/** Anthropic's API at Google Cloud: its date is in the body. */
const VERTEX_VERSION = "vertex-2023-10-16";

/**
 * Where a call goes below its base URL, and its body there. Azure's dated API has the deployment in the path and its
 * date in the query; Google Cloud has the model in Anthropic's path.
 */
export function placedCall(style: PathStyle, baseUrl: string, call: Plain): Placed {
  const { path, query, body, upstreamModel, stream } = call;
  const search = queryOf(query, baseUrl);
  switch (style) {
    case "plain":
      return { path: `${path}${search}`, body: { ...body } };
    case "azure-deployments":
      return { path: `/${encodeURIComponent(upstreamModel)}${path}${search}`, body: { ...body } };
    case "vertex-anthropic": {
      if (path !== "/messages") {
        const name = path === "/messages/count_tokens" ? "count-tokens" : encodeURIComponent(upstreamModel);
        return { path: `/${name}:rawPredict`, body: { ...body, anthropic_version: VERTEX_VERSION } };
      }
      const { model: _model, ...rest } = body;
      const verb = stream ? "streamRawPredict" : "rawPredict";
      return {
        path: `/${encodeURIComponent(upstreamModel)}:${verb}`,
        body: { ...rest, anthropic_version: VERTEX_VERSION },
      };
    }
    default:
      return style satisfies never;
  }
}

/** A base URL with its own query ignores the caller's: with two values of one name, it is unclear which counts. */
function queryOf(query: string, baseUrl: string): string {
  const own = baseUrl.split("?")[1];
  return own === undefined ? query : `?${own}`;
}
