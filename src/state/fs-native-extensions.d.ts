declare module 'fs-native-extensions' {
  const locks: {
    readonly tryLock: (
      fd: number,
      ...range: readonly [offset: number, length: number, options?: { readonly shared: boolean }]
    ) => boolean;
  };
  export default locks;
}
