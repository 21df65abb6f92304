import { adminDoor } from "@/lib/console/kernel/door";
import { getEveryone, putEveryone } from "@/lib/console/limits/everyone";

export const GET = adminDoor("tiers.view", getEveryone);
export const PUT = adminDoor("tiers.edit", putEveryone);
