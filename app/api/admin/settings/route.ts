import { adminDoor } from "@/lib/console/door";
import { readSettings } from "@/lib/console/settings";

export const GET = adminDoor("overview.view", readSettings);
