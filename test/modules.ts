import { readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { PACKAGE, sourceOf } from './sources.js';

/** A source file, parsed. */
export interface Module {
  /** Its path below `src/`, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  readonly imports: readonly Import[];
}

/** What a source file imports. */
export interface Import {
  /** A path below `src/`, or the name of a package or of a module of Node. */
  readonly of: string;
  readonly kind: 'static' | 'dynamic' | 'type';
}

/** Every source file of the package. */
export function allModules(): Module[] {
  const paths = readdirSync(join(PACKAGE ?? '', 'src'), { recursive: true, encoding: 'utf8' });
  return paths
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map(parseModule);
}

/** The folder of a source file below `src/`; of a file there, its own name. */
export function houseOf(path: string): string {
  return path.split('/', 1).join('');
}

/** Every node of a source file of which `is` holds. */
export function nodesOf<T extends ts.Node>({ tree }: Module, is: (node: ts.Node) => node is T): T[] {
  const found: T[] = [];
  const visit = (node: ts.Node): void => {
    if (is(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** What comes along when one file is loaded, by static imports alone: files of ours, packages, modules of Node. */
export function loadedWith(
  start: string,
  modules: readonly Module[],
): { ours: string[]; packages: string[] } {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const seen = new Set([start]);
  for (const path of seen)
    for (const { of, kind } of byPath.get(path)?.imports ?? []) if (kind === 'static') seen.add(of);
  const loaded = [...seen];
  return {
    ours: loaded.filter((name) => byPath.has(name)),
    packages: loaded.filter((name) => !byPath.has(name) && !isOfNode(name)),
  };
}

/** Whether a module comes with Node. */
export function isOfNode(name: string): boolean {
  return name.startsWith('node:') || builtinModules.includes(name);
}

function parseModule(path: string): Module {
  const text = sourceOf(`src/${path}`);
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const module = { path, text, tree, imports: [] };
  const imports = [...declared(module), ...loadedLater(module)];
  return { ...module, imports: imports.map(({ of, kind }) => ({ of: resolve(path, of), kind })) };
}

function declared(module: Module): Import[] {
  const isDeclaration = (node: ts.Node) => ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
  return nodesOf(module, isDeclaration).flatMap((node) => {
    const { moduleSpecifier } = node;
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
    const typeOnly = ts.isImportDeclaration(node)
      ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : node.isTypeOnly;
    return [{ of: moduleSpecifier.text, kind: typeOnly ? ('type' as const) : ('static' as const) }];
  });
}

function loadedLater(module: Module): Import[] {
  const calls = nodesOf(module, ts.isCallExpression).filter(
    ({ expression }) => expression.kind === ts.SyntaxKind.ImportKeyword,
  );
  const types = nodesOf(module, ts.isImportTypeNode);
  return [
    ...calls.map(({ arguments: [of] }) => ({ of: textOf(of), kind: 'dynamic' as const })),
    ...types.map(({ argument }) => ({
      of: ts.isLiteralTypeNode(argument) ? textOf(argument.literal) : '',
      kind: 'type' as const,
    })),
  ];
}

function textOf(node: ts.Node | undefined): string {
  if (node === undefined) return '';
  return ts.isStringLiteralLike(node) ? node.text : node.getText();
}

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
}
