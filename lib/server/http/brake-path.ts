/** Whether a path may be one of the brake paths. */
export function isBrakePath(path: string): boolean {
  return path === "/api/admin/brakes" || /^\/api\/admin\/brakes\/[^/]+$/.test(path);
}
