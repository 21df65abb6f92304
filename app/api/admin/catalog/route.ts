import { adminDoor } from "@/lib/console/kernel/door";
import { listCatalog } from "@/lib/console/providers/catalog";

export const GET = adminDoor("catalog.view", listCatalog);
