/** Short names of roots for people, each with its folder: the last part of the path, or the whole path where two end alike. */
export function nameRoots(folders: readonly string[]): ReadonlyMap<string, string> {
  const whole = [...new Set(folders)];
  const short = whole.map(lastPart);
  return new Map(
    whole.map((folder, index) => {
      const name = short[index] ?? folder;
      return [short.filter((other) => other === name).length === 1 ? name : folder, folder];
    }),
  );
}

/** Which of the named roots a text begins with, by name or by folder, and what follows it; `root` null: it begins with none of them. */
export function splitNamed(
  text: string,
  roots: ReadonlyMap<string, string>,
): { readonly root: string | null; readonly rest: string } {
  const words = [...roots].flatMap(([name, folder]) => [name, folder].map((word) => ({ word, name })));
  const found = words
    .filter(({ word }) => text === word || text.startsWith(`${word} `))
    // A name may begin with another one and a space.
    .sort((one, other) => other.word.length - one.word.length)[0];
  return found === undefined
    ? { root: null, rest: text.trim() }
    : { root: found.name, rest: text.slice(found.word.length).trim() };
}

function lastPart(folder: string): string {
  return folder.split(/[\\/]/).findLast((part) => part !== '') ?? folder;
}
