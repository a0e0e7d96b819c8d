/**
 * What writer and hashing thread share: a counter that changes with every message, up to where the file is written, and
 * whether that was all. The counter comes last when writing and first when reading, so that no message is slept over.
 */
export const cells = { news: 0, front: 1, end: 2, bytes: 24 } as const
