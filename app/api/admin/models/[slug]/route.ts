import { putModel } from "@/lib/console/catalog";
import { adminDoor } from "@/lib/console/door";

export const PUT = adminDoor("catalog.edit", putModel);
