const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** `512 B`, `1.4 GiB`, `12 MiB`: one decimal below ten, none above. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 'B'
  // 999.5 rather than 1024: nobody wants to read "1010 MiB", nor "1000 MiB" by rounding.
  for (const next of units) {
    if (value < 999.5) break
    value /= 1024
    unit = next
  }
  return `${unit === 'B' || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${unit}`
}

/** `1.4 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`
}

/** `42s`, `3:07`, `1:02:03`, `26:00:00`: as a player shows it. Fractions are rounded. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole}s`
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}
