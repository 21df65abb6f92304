import { adminDoor } from "@/lib/console/door";
import { removeOverride } from "@/lib/console/overrides";

export const DELETE = adminDoor("tiers.edit", removeOverride);
