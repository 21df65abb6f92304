import { adminDoor } from "@/lib/console/kernel/door";
import { getTier, putTier } from "@/lib/console/tiers/tiers";

export const GET = adminDoor("tiers.view", getTier);
export const PUT = adminDoor("tiers.edit", putTier);
