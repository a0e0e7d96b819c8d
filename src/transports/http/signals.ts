import { Unusual } from '#kernel/http/head.ts'

/** The server has another version of the file than the one whose bytes are here: start over. */
export class Changed extends Error {}

/** What the server says of ranges is not true: one plain request from the start, never a range again. */
export class Untrue extends Error {}

/** As `Unusual`, and where the link led before is no longer the place: ask the original link again. */
export class Moved extends Unusual {}
