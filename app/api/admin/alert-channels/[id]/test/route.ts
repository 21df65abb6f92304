import { testChannel } from "@/lib/console/alerts/alerts";
import { adminDoor } from "@/lib/console/kernel/door";

export const POST = adminDoor("alerts.mute", testChannel);
