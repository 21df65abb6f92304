import { adminDoor } from "@/lib/console/door";
import { observedOfTier } from "@/lib/console/observed";

export const GET = adminDoor("tiers.view", observedOfTier);
