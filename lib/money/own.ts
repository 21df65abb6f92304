/**
 * Reads a table's own property, never an inherited one: callers and providers choose the names, and every object
 * inherits names such as `constructor`.
 */
export function own<Value>(table: Readonly<Record<string, Value>> | undefined, name: string): Value | undefined {
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}
