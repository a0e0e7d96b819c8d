/** The server has another version of the file than the one whose bytes are here: start over. */
export class Changed extends Error {}

/** What the server says of ranges is not true: one plain request from the start, never a range again. */
export class Untrue extends Error {}

/** Nothing wrong, but nothing for the fast path either: the well-kept client takes it. */
export class Unusual extends Error {}

/** As `Unusual`, and where the link led before is no longer the place: ask the original link again. */
export class Moved extends Unusual {}
