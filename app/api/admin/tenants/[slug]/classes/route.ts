import { adminDoor } from "@/lib/console/door";
import { putClasses } from "@/lib/console/features";

export const PUT = adminDoor("tiers.edit", putClasses);
