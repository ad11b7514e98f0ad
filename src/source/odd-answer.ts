/** Somebody answered, though not as git's protocol version 2 has it, or not to us: git itself knows more ways, more keys, and how to say it. */
export class OddAnswer extends Error {
  override readonly name = 'OddAnswer';
}
