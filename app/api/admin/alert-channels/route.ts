import { createChannel, listChannels } from "@/lib/console/alerts";
import { adminDoor } from "@/lib/console/door";

export const GET = adminDoor("alerts.view", listChannels);
export const POST = adminDoor("alerts.edit", createChannel);
