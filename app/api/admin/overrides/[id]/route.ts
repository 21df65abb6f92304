import { adminDoor } from "@/lib/console/kernel/door";
import { removeOverride } from "@/lib/console/limits/overrides";

export const DELETE = adminDoor("tiers.edit", removeOverride);
