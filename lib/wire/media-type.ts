const TOKEN = "[!#$%&'*+.^_`|~0-9a-z-]+";
const PARAMETER = new RegExp(`^(${TOKEN})=(?:(${TOKEN})|"([^"\\\\]*)")$`);

/** Whether a content-type header is JSON in UTF-8, with well-formed parameters (RFC 9110, 8.3), each at most once. */
export function isJsonType(header: string | null | undefined): boolean {
  const [type = "", ...parameters] = (header ?? "").toLowerCase().split(";");
  if (type.trim() !== "application/json") return false;
  const seen = new Map<string, string>();
  for (const parameter of parameters.map((text) => text.trim())) {
    // RFC 9110 allows an empty parameter between two semicolons.
    if (parameter === "") continue;
    const [, name = "", token, quoted] = PARAMETER.exec(parameter) ?? [];
    if (name === "" || seen.has(name)) return false;
    seen.set(name, token ?? quoted ?? "");
  }
  return (seen.get("charset") ?? "utf-8") === "utf-8";
}
