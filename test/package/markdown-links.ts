/** A link of a Markdown page to something in the same repository. */
export interface PageLink {
  readonly line: number;
  /** As it is written, such as `tasks.md#asking`. */
  readonly target: string;
}

/** The anchors that a page's headings have, in the way GitHub makes them. */
export function anchors(page: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { text } of prose(page)) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(text)?.[1];
    if (heading === undefined) continue;
    const anchor = slug(heading);
    let unique = anchor;
    for (let count = 1; found.has(unique); count++) unique = `${anchor}-${count}`;
    found.add(unique);
  }
  return found;
}

/** The links of a page that do not leave the repository. */
export function relativeLinks(page: string): readonly PageLink[] {
  return prose(page).flatMap(({ text, line }) => {
    const targets = [...text.replaceAll(/`[^`]*`/g, "code").matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)];
    return targets
      .map(([, target = ""]) => ({ line, target }))
      .filter(({ target }) => !/^[a-z][a-z+.-]*:/i.test(target));
  });
}

/** The lines that are not code. */
function prose(page: string): readonly { readonly text: string; readonly line: number }[] {
  let fence: string | undefined;
  return page.split(/\r?\n/).flatMap((text, index) => {
    const mark = /^\s*(`{3,})/.exec(text)?.[1];
    if (mark !== undefined && (fence === undefined || mark.length >= fence.length)) {
      fence = fence === undefined ? mark : undefined;
      return [];
    }
    return fence === undefined ? [{ text, line: index + 1 }] : [];
  });
}

function slug(heading: string): string {
  const words = heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  return words.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, "").replaceAll(" ", "-");
}
