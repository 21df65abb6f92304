/** Denials that come after the body was read. Calls of several models in one minute are one line without a model. */
const AFTER_READING = ["model_not_found", "model_not_allowed", "model_not_priced", "endpoint_not_allowed"];

/** The model of a denied call, or why the log has none. */
export function deniedModel(model: string | null, code: string): string {
  if (model !== null && model !== "") return model;
  return AFTER_READING.includes(code) ? "not kept" : "not read";
}
