/** Whether a path may be one of these. */
export function isBrakePath(path: string): boolean {
  return path === "/api/admin/brakes" || /^\/api\/admin\/brakes\/[^/]+$/.test(path);
}
