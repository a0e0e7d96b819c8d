/** Where kept bytes live, addressed by their SHA-256 (lowercase hex). Nothing in it is ever changed, only added and removed. */
export interface Store {
  /**
   * Keeps the bytes of a local file and returns their place on this machine. The file stays where it is and may be
   * removed afterwards. Safe to repeat and to do twice at once. Throws `house.disk-full`, and `source.changed` when the
   * file does not have this digest.
   */
  put(localPath: string, sha256: string, how?: PutHow): Promise<string>
  /** Where the bytes are, or would be, on this machine. */
  path(sha256: string): string
  has(sha256: string): Promise<boolean>
  /** Frees the bytes; nothing happens when they are not there. Whether they are still needed is the caller's to know. */
  remove(sha256: string): Promise<void>
  /** Every kept digest with its bytes and the time it was put (ms since 1970), for the search for orphans. No order. */
  list(): AsyncIterable<StoredBytes>
  /** Reads everything again: `sound`, `damaged` (the bytes do not have the digest) or `missing`. */
  verify(sha256: string, how?: { readonly signal?: AbortSignal | undefined }): Promise<'sound' | 'damaged' | 'missing'>
}

export interface StoredBytes {
  readonly sha256: string
  readonly bytes: number
  readonly at: number
}

export interface PutHow {
  readonly signal?: AbortSignal | undefined
  /**
   * The digest was computed from these very bytes and nobody has touched them since: spares the second read when no copy
   * is made. A copy is read back in any case.
   */
  readonly trusted?: boolean | undefined
}
