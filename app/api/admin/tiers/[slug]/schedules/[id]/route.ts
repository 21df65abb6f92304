import { adminDoor } from "@/lib/console/door";
import { withdrawSchedule } from "@/lib/console/tier-versions";

export const DELETE = adminDoor("tiers.edit", withdrawSchedule);
