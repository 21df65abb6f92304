import { adminDoor } from "@/lib/console/kernel/door";
import { putModel } from "@/lib/console/providers/catalog";

export const PUT = adminDoor("catalog.edit", putModel);
