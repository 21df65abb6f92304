import { testChannel } from "@/lib/console/alerts";
import { adminDoor } from "@/lib/console/door";

export const POST = adminDoor("alerts.mute", testChannel);
