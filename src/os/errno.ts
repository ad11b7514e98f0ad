/** Whether a thrown value is a system error of one of the given names, such as `ENOENT`. */
export function hasErrno(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && names.includes(String(error.code));
}
