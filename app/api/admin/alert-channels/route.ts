import { createChannel, listChannels } from "@/lib/console/alerts/alerts";
import { adminDoor } from "@/lib/console/kernel/door";

export const GET = adminDoor("alerts.view", listChannels);
export const POST = adminDoor("alerts.edit", createChannel);
