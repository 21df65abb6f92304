import { Anchor, Text } from "@mantine/core";
import Link from "next/link";
import { Fragment } from "react";

type Place = { readonly label: string; readonly href: string };

/** The pages above this one, from the list to the parent; the page's own title follows below. */
export function Crumbs({ above }: { above: readonly Place[] }) {
  return (
    <nav aria-label="Breadcrumb">
      {above.map(({ label, href }, index) => (
        <Fragment key={href}>
          {index > 0 && (
            <Text span size="sm" c="dimmed" aria-hidden>
              {" / "}
            </Text>
          )}
          <Anchor component={Link} href={href} size="sm">
            {label}
          </Anchor>
        </Fragment>
      ))}
    </nav>
  );
}
