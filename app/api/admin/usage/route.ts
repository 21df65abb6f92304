import { adminDoor } from "@/lib/console/kernel/door";
import { readUsage } from "@/lib/console/money/usage";

export const GET = adminDoor("usage.view", readUsage);
