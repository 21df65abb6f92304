import { adminDoor } from "@/lib/console/door";
import { readOpenapi } from "@/lib/console/openapi";

export const GET = adminDoor("overview.view", readOpenapi);
