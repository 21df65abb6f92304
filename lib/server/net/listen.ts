import type http from "node:http";
import { BootFault } from "@/lib/errors";

/** Opens a port. Throws a BootFault that names the setting to change. */
export async function listen(
  server: http.Server,
  { setting, host, port, exclusive = true }: { setting: string; host: string; port: number; exclusive?: boolean },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(new BootFault(fault({ setting, host, port, error })));
    server.once("error", failed);
    server.listen({ port, host, exclusive }, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

function fault(input: { setting: string; host: string; port: number; error: NodeJS.ErrnoException }): string {
  const { setting, host, port, error } = input;
  if (error.code === "EADDRINUSE") return `${setting}: ${port} is in use on ${host}; set another ${setting}`;
  if (error.code === "EACCES") return `${setting}: ${port} may not be opened by this user; set one above 1023`;
  return `HOST: ${host}:${port} cannot be opened (${error.code ?? error.message})`;
}
