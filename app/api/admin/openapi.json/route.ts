import { adminDoor } from "@/lib/console/kernel/door";
import { readOpenapi } from "@/lib/console/openapi";

export const GET = adminDoor("overview.view", readOpenapi);
