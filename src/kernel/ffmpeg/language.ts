import { splitName } from '../names.ts'

/** The language in a name such as `film.pt-BR.srt` or `film.en.forced.vtt`, as BCP 47; undefined when there is none. */
export function languageOfName(name: string): string | undefined {
  const { stem } = splitName(name)
  const words = stem.split('.').slice(1).toReversed()
  const marks = new Set(['forced', 'sdh', 'cc', 'hi', 'default', 'full', 'auto'])
  const word = words.find((each) => !marks.has(each.toLowerCase()) || (each === 'hi' && words.length === 1))
  if (word === undefined || !/^[a-z]{2,3}([-_][a-z0-9]{2,8})*$/i.test(word)) return undefined
  const tag = word.replaceAll('_', '-')
  return isLanguage(tag) ? tag : undefined
}

/** Three letters (ISO 639-2) as containers want them: `pt-BR` becomes `por`; what is not known stays as it is. */
export function threeLetters(tag: string): string {
  const [primary = tag] = tag.toLowerCase().split(/[-_]/)
  return (Object.hasOwn(byTwo, primary) ? byTwo[primary] : undefined) ?? primary
}

/** Whether it is the name of a language rather than a word of the title: CLDR knows a name for it. */
function isLanguage(tag: string): boolean {
  try {
    const names = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' })
    return names.of(tag) !== undefined
  } catch {
    // Not even of the form of a tag.
    return false
  }
}

/** Those that subtitles and sounds commonly have; MP4 stores three letters only. */
const byTwo: Readonly<Record<string, string>> = {
  ar: 'ara',
  be: 'bel',
  bg: 'bul',
  bn: 'ben',
  bs: 'bos',
  ca: 'cat',
  cs: 'cze',
  cy: 'wel',
  da: 'dan',
  de: 'ger',
  el: 'gre',
  en: 'eng',
  eo: 'epo',
  es: 'spa',
  et: 'est',
  eu: 'baq',
  fa: 'per',
  fi: 'fin',
  fr: 'fre',
  ga: 'gle',
  gl: 'glg',
  he: 'heb',
  hi: 'hin',
  hr: 'hrv',
  hu: 'hun',
  hy: 'arm',
  id: 'ind',
  is: 'ice',
  it: 'ita',
  ja: 'jpn',
  ka: 'geo',
  kk: 'kaz',
  ko: 'kor',
  la: 'lat',
  lt: 'lit',
  lv: 'lav',
  mk: 'mac',
  ml: 'mal',
  mn: 'mon',
  ms: 'may',
  nb: 'nob',
  nl: 'dut',
  nn: 'nno',
  no: 'nor',
  pl: 'pol',
  pt: 'por',
  ro: 'rum',
  ru: 'rus',
  sk: 'slo',
  sl: 'slv',
  sq: 'alb',
  sr: 'srp',
  sv: 'swe',
  sw: 'swa',
  ta: 'tam',
  te: 'tel',
  th: 'tha',
  tl: 'tgl',
  tr: 'tur',
  uk: 'ukr',
  ur: 'urd',
  uz: 'uzb',
  vi: 'vie',
  zh: 'chi',
}
