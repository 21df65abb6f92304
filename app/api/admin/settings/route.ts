import { adminDoor } from "@/lib/console/kernel/door";
import { readSettings } from "@/lib/console/overview/settings";

export const GET = adminDoor("overview.view", readSettings);
