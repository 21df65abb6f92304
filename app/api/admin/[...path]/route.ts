import { adminDoor } from "@/lib/console/api/door";
import { ADMIN_ROUTES } from "@/lib/console/api/table";

const answer = (request: Request) => adminDoor(request, ADMIN_ROUTES);

export const dynamic = "force-dynamic";
export const GET = answer;
export const POST = answer;
export const PUT = answer;
export const PATCH = answer;
export const DELETE = answer;
export const OPTIONS = answer;
