import type { Representation } from './dash-representation.ts'
import type { Span } from './dash-segments.ts'

export type PeriodTrack = Omit<Representation, 'spans'> & { readonly span: Span }

export interface PeriodTracks {
  readonly seconds: number | undefined
  readonly tracks: readonly PeriodTrack[]
}

/**
 * Representations over all periods. What the longest period offers is looked for in the others: the same id, else the
 * nearest of the same kind, container and codec. What does not go through all periods is left out.
 */
export function join(periods: readonly PeriodTracks[]): readonly Representation[] {
  const told = periods.filter(({ tracks }) => tracks.length > 0)
  const longest = told.reduce<PeriodTracks | undefined>(
    (best, period) => (best === undefined || (period.seconds ?? 0) > (best.seconds ?? 0) ? period : best),
    undefined,
  )
  if (longest === undefined) return []
  return longest.tracks.flatMap((track) => {
    const spans = told.map((period) => (period === longest ? track : counterpart(track, period.tracks))?.span)
    if (spans.some((span) => span === undefined)) return []
    const { span: _, ...rest } = track
    return [{ ...rest, spans: spans.filter((span) => span !== undefined) }]
  })
}

function counterpart(track: PeriodTrack, among: readonly PeriodTrack[]): PeriodTrack | undefined {
  const alike = among.filter(
    (other) =>
      other.kind === track.kind &&
      other.type === track.type &&
      family(other) === family(track) &&
      (track.kind !== 'subtitle' || other.language === track.language),
  )
  const distance = (other: PeriodTrack) =>
    (other.language === track.language ? 0 : 1e12) +
    Math.abs((other.height ?? 0) - (track.height ?? 0)) * 1e8 +
    Math.abs(other.bandwidth - track.bandwidth)
  const same = alike.find((other) => other.id === track.id && other.height === track.height)
  return same ?? alike.toSorted((a, b) => distance(a) - distance(b))[0]
}

/** `avc1` and `avc3` differ in where they keep their parameters, which matters to no decoder. */
function family({ codecs }: PeriodTrack): string {
  return (codecs.split('.')[0] ?? '').toLowerCase().replace('avc3', 'avc1').replace('hev1', 'hvc1')
}
