import { liveStream } from "@/lib/console/overview/live-door";

export const dynamic = "force-dynamic";

export async function GET(request: Request): Promise<Response> {
  return liveStream(request);
}
