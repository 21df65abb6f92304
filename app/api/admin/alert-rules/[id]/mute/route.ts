import { mute } from "@/lib/console/alerts";
import { adminDoor } from "@/lib/console/door";

export const POST = adminDoor("alerts.mute", mute);
