/**
 * Bytes of a text file as text: by its byte order mark, else as UTF-8, else as windows-1252, which is what old subtitles of
 * western languages are and which any bytes are valid in.
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // Not UTF-8, as one wrong byte proves.
    return new TextDecoder('windows-1252').decode(bytes)
  }
}
