import { adminDoor } from "@/lib/console/door";
import { getTier, putTier } from "@/lib/console/tiers";

export const GET = adminDoor("tiers.view", getTier);
export const PUT = adminDoor("tiers.edit", putTier);
