/** A configuration file as text, in the server's order. The library is loaded when needed. */
export async function asYaml(file: unknown): Promise<string> {
  const { stringify } = await import("yaml");
  return stringify(file, { lineWidth: 120, compat: "yaml-1.1" });
}

export type Read =
  | { readonly kind: "file"; readonly file: object }
  | { readonly kind: "fault"; readonly fault: string };

/** Reads pasted or chosen text, YAML or JSON. The server checks its content. */
export async function fromText(text: string): Promise<Read> {
  const { parse, YAMLParseError } = await import("yaml");
  try {
    const file: unknown = parse(text);
    if (typeof file === "object" && file !== null && !Array.isArray(file)) return { kind: "file", file };
    return {
      kind: "fault",
      fault: "This is not a configuration file. A configuration file begins with spillway: config/1.",
    };
  } catch (error) {
    if (error instanceof YAMLParseError) return { kind: "fault", fault: error.message };
    throw error;
  }
}
