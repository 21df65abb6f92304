"use client";

import { Anchor, Text } from "@mantine/core";
import Link from "next/link";
import { scopeWords } from "@/lib/console/scope/tenant-scope.shared";
import { PageHead } from "./page-head";

/** In place of a page of all tenants, for operators of some. */
export function OfAllOnly({ tenants }: { tenants: readonly string[] }) {
  const seen = tenants.length === 0 ? "no tenant" : `${scopeWords(tenants)} only`;
  return (
    <>
      <PageHead title="Not for your tenants" />
      <Text>
        You see {seen}. This page shows all tenants. Ask an admin if you need more.{" "}
        <Anchor component={Link} href="/tenants" underline="always">
          Your tenants
        </Anchor>
      </Text>
    </>
  );
}
