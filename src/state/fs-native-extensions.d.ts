declare module 'fs-native-extensions' {
  const locks: { readonly tryLock: (fd: number, options?: { shared: boolean }) => boolean };
  export default locks;
}
