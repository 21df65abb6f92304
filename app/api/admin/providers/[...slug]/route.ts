import { adminDoor } from "@/lib/console/kernel/door";
import { putProvider } from "@/lib/console/providers/catalog";

export const PUT = adminDoor("catalog.edit", putProvider);
