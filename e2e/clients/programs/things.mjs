/** What the programs send beside a prompt. */
export const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
export const PDF = Buffer.from("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n%%EOF\n").toString("base64");
export const LEVEL = {
  type: "object",
  properties: { level: { type: "string" } },
  required: ["level"],
  additionalProperties: false,
};
export const PARAMETERS = { type: "object", properties: { path: { type: "string" } }, required: ["path"] };
/** The tool `read_note`. */
export const READ = async ({ path }) => `${path}: The river is high.`;
export const ABOUT = "Reads a note";
