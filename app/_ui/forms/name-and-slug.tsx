import { TextInput } from "@mantine/core";
import { useState } from "react";
import { slugOf } from "./slug";

/** The values of the two fields, wherever they are stored. */
export type Named = {
  readonly name: string;
  readonly slug: string;
  readonly setName: (name: string) => void;
  readonly setSlug: (slug: string) => void;
};

/** A name, and a slug derived from it until another one is typed. `refer`: what refers to the slug for ever. */
export function NameAndSlug({ named, refer }: { named: Named; refer: string }) {
  return (
    <>
      <TextInput
        label="Name"
        value={named.name}
        onChange={(event) => named.setName(event.currentTarget.value)}
        required
        maxLength={100}
        data-autofocus
      />
      <TextInput
        label="Slug"
        description={`permanent; ${refer} refer to it`}
        value={named.slug}
        onChange={(event) => named.setSlug(event.currentTarget.value)}
        pattern="[a-z0-9][a-z0-9\-]*"
        title="Lower-case letters, digits and dashes"
        required
        maxLength={128}
      />
    </>
  );
}

/** The values of `NameAndSlug`. */
export function useNamed(): Named {
  const [name, setName] = useState("");
  const [ownSlug, setSlug] = useState<string | null>(null);
  return { name, slug: ownSlug ?? slugOf(name), setName, setSlug };
}
