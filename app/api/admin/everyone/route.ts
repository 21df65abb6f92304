import { adminDoor } from "@/lib/console/door";
import { getEveryone, putEveryone } from "@/lib/console/everyone";

export const GET = adminDoor("tiers.view", getEveryone);
export const PUT = adminDoor("tiers.edit", putEveryone);
