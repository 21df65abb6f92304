"use client";

import { Anchor } from "@mantine/core";
import Link from "next/link";

/** Where an empty list says what to do next: a sentence and the page where it is done. */
export function NextStep({ says, href, page }: { says: string; href: string; page: string }) {
  return (
    <>
      {says}{" "}
      <Anchor component={Link} href={href} size="sm" underline="always">
        {page}
      </Anchor>
    </>
  );
}
