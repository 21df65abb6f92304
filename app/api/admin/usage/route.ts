import { adminDoor } from "@/lib/console/door";
import { readUsage } from "@/lib/console/usage";

export const GET = adminDoor("usage.view", readUsage);
