import type { ToolName } from '#kernel/child/tools.ts'
import type { Config } from './config.ts'
import { configuredYtdlp } from './ytdlp.ts'

/** Where the operator says that tools are, by their names in the catalogue. */
export function configuredTools(config: Config): Readonly<Partial<Record<ToolName, string>>> {
  const { ffmpeg, ffprobe, aria2c, rclone, sevenzip, unar } = config
  const given = { ffmpeg, ffprobe, 'yt-dlp': configuredYtdlp(config), aria2c, rclone, '7zz': sevenzip, unar }
  return Object.fromEntries(Object.entries(given).filter(([, path]) => path !== undefined))
}
