import { listCatalog } from "@/lib/console/catalog";
import { adminDoor } from "@/lib/console/door";

export const GET = adminDoor("catalog.view", listCatalog);
