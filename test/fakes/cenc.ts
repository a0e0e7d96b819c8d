import { createCipheriv } from 'node:crypto'

export interface CencHow {
  readonly scheme: 'cenc' | 'cens' | 'cbc1' | 'cbcs'
  /** 32 hex digits each. */
  readonly key: string
  readonly kid: string
  /** One start value for all samples, as cbcs usually has it. */
  readonly isConstant?: boolean
  /** Start values are told by `saiz` and `saio` and kept in the media data, without a `senc`. */
  readonly isScattered?: boolean
  /** The key changes with a fragment: its samples are grouped under this one (`seig`). */
  readonly group?: { readonly key: string; readonly kid: string }
}

const constant = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex')
const containers = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'moof', 'traf'])

/** Encrypts the header of a fragmented MP4: what `moov` says, as a packager would write it. */
export function encryptInit(init: Buffer, how: CencHow): Buffer {
  return mapBoxes(init, (type, box) => {
    if (type !== 'stsd') return box
    const entries = mapBoxes(box.subarray(16), (type, entry) => protectedEntry(type, entry, how))
    return sized(Buffer.concat([box.subarray(0, 16), entries]))
  })
}

/** Encrypts fragments (`moof`, `mdat` …) of one track. */
export function encryptFragments(bytes: Buffer, how: CencHow): Buffer {
  const out: Buffer[] = []
  let moof: Buffer | undefined
  let number = 0n
  for (const box of split(bytes)) {
    const type = box.toString('latin1', 4, 8)
    if (type === 'moof') moof = box
    else if (type === 'mdat' && moof) {
      const media = Buffer.from(box)
      const place = runOf(moof)
      const lists: Buffer[] = []
      let at = place.offset - moof.length
      for (const size of place.sizes) {
        number += 1n
        const iv = Buffer.alloc(16)
        if (how.isConstant) constant.copy(iv)
        else iv.writeBigUInt64BE(number)
        const subsamples = place.isVideo(media.subarray(at, at + size)) ? nalsOf(media.subarray(at, at + size)) : []
        encryptSample(media.subarray(at, at + size), iv, subsamples, how)
        lists.push(told(how.isConstant ? Buffer.alloc(0) : iv.subarray(0, 8), subsamples))
        at += size
      }
      out.push(...withLists(moof, media, lists, how))
      moof = undefined
    } else out.push(box)
  }
  return Buffer.concat(out)
}

function protectedEntry(type: string, entry: Buffer, how: CencHow): Buffer {
  const isVideo = /^(avc|hev|hvc|vp0|av0)/.test(type)
  const pattern = how.scheme === 'cbcs' || how.scheme === 'cens' ? (isVideo ? 0x19 : 0x10) : 0
  const tenc = box('tenc', [
    Buffer.from([pattern === 0 ? 0 : 1, 0, 0, 0, 0, pattern, 1, how.isConstant ? 0 : 8]),
    Buffer.from(how.kid, 'hex'),
    how.isConstant ? Buffer.from([16, ...constant]) : Buffer.alloc(0),
  ])
  const schm = box('schm', [Buffer.alloc(4), Buffer.from(how.scheme), Buffer.from([0, 1, 0, 0])])
  const sinf = box('sinf', [box('frma', [Buffer.from(type)]), schm, box('schi', [tenc])])
  const changed = sized(Buffer.concat([entry, sinf]))
  changed.write(isVideo ? 'encv' : 'enca', 4, 'latin1')
  return changed
}

/** Sample sizes of the only run of a fragment, and where its data begins from the fragment's beginning. */
function runOf(moof: Buffer): { offset: number; sizes: readonly number[]; isVideo: (sample: Buffer) => boolean } {
  const tfhd = moof.subarray(moof.indexOf('tfhd') - 4)
  const trun = moof.subarray(moof.indexOf('trun') - 4)
  const [head, flags] = [tfhd.readUIntBE(9, 3), trun.readUIntBE(9, 3)]
  let fallback = 16 + (head & 1 ? 8 : 0) + (head & 2 ? 4 : 0) + (head & 8 ? 4 : 0)
  fallback = head & 0x10 ? tfhd.readUInt32BE(fallback) : 0
  const [count, offset] = [trun.readUInt32BE(12), trun.readInt32BE(16)]
  let at = 20 + (flags & 4 ? 4 : 0)
  const sizes: number[] = []
  for (let index = 0; index < count; index += 1) {
    at += flags & 0x100 ? 4 : 0
    sizes.push(flags & 0x200 ? trun.readUInt32BE(at) : fallback)
    at += (flags & 0x200 ? 4 : 0) + (flags & 0x400 ? 4 : 0) + (flags & 0x800 ? 4 : 0)
  }
  // A sample of AVC begins with the length of a NAL unit that fits into it.
  const isVideo = (sample: Buffer) => sample.length > 5 && sample.readUInt32BE(0) <= sample.length - 4
  return { offset, sizes, isVideo }
}

/** Leaves lengths, types and the heads of slices in the clear, and whole blocks encrypted. */
function nalsOf(sample: Buffer): { clear: number; encrypted: number }[] {
  const found: { clear: number; encrypted: number }[] = []
  for (let at = 0; at + 4 <= sample.length;) {
    const size = 4 + sample.readUInt32BE(at)
    const encrypted = Math.max(0, Math.floor((size - 40) / 16)) * 16
    found.push({ clear: size - encrypted, encrypted })
    at += size
  }
  return found
}

function encryptSample(
  sample: Buffer,
  iv: Buffer,
  subsamples: readonly { clear: number; encrypted: number }[],
  how: CencHow,
): void {
  const key = Buffer.from(how.group?.key ?? how.key, 'hex')
  const isBlocks = how.scheme.startsWith('cbc')
  const start = () => createCipheriv(isBlocks ? 'aes-128-cbc' : 'aes-128-ctr', key, iv).setAutoPadding(false)
  const isPattern = (how.scheme === 'cbcs' || how.scheme === 'cens') && subsamples.length > 0
  let cipher = start()
  let at = 0
  for (const { clear, encrypted } of subsamples.length === 0 ? [{ clear: 0, encrypted: sample.length }] : subsamples) {
    at += clear
    if (how.scheme === 'cbcs') cipher = start()
    const step = isPattern ? 16 : encrypted
    for (let from = at; from < at + encrypted; from += isPattern ? 160 : Math.max(1, encrypted)) {
      let to = Math.min(from + step, at + encrypted)
      if (isBlocks || isPattern) to -= (to - from) % 16
      cipher.update(sample.subarray(from, to)).copy(sample, from)
    }
    at += encrypted
  }
}

function told(iv: Buffer, subsamples: readonly { clear: number; encrypted: number }[]): Buffer {
  if (subsamples.length === 0) return iv
  const list = Buffer.alloc(2 + subsamples.length * 6)
  list.writeUInt16BE(subsamples.length)
  for (const [index, { clear, encrypted }] of subsamples.entries()) {
    list.writeUInt16BE(clear, 2 + index * 6)
    list.writeUInt32BE(encrypted, 4 + index * 6)
  }
  return Buffer.concat([iv, list])
}

function withLists(moof: Buffer, mdat: Buffer, lists: readonly Buffer[], how: CencHow): Buffer[] {
  const hasSubsamples = (lists[0]?.length ?? 0) > 8 || (how.isConstant === true && (lists[0]?.length ?? 0) > 0)
  const all = Buffer.concat(lists)
  const extras: Buffer[] = []
  if (how.isScattered) {
    extras.push(
      box('saiz', [Buffer.from([0, 0, 0, 0, 0]), uint(lists.length), Buffer.from(lists.map((list) => list.length))]),
      box('saio', [uint(0), uint(1), uint(0)]),
    )
  } else if (all.length > 0) extras.push(box('senc', [uint(hasSubsamples ? 2 : 0), uint(lists.length), all]))
  if (how.group) {
    const entry = Buffer.concat([Buffer.from([0, 0, 1, 8]), Buffer.from(how.group.kid, 'hex')])
    extras.push(
      box('sbgp', [uint(0), Buffer.from('seig'), uint(1), uint(lists.length), uint(0x10001)]),
      box('sgpd', [uint(0x0100_0000), Buffer.from('seig'), uint(entry.length), uint(1), entry]),
    )
  }
  const grown = extras.reduce((sum, { length }) => sum + length, 0)
  const changed = mapBoxes(moof, (type, inner) => {
    if (type === 'traf') return sized(Buffer.concat([inner, ...extras]))
    if (type !== 'trun') return inner
    const run = Buffer.from(inner)
    run.writeInt32BE(run.readInt32BE(16) + grown, 16)
    return run
  })
  if (!how.isScattered) return [changed, mdat]
  // Behind the media in the same box.
  const saio = changed.indexOf('saio') - 4
  changed.writeUInt32BE(changed.length + mdat.length, saio + 16)
  return [changed, sized(Buffer.concat([mdat, all]))]
}

function mapBoxes(bytes: Buffer, change: (type: string, box: Buffer) => Buffer): Buffer {
  return Buffer.concat(
    split(bytes).map((box) => {
      const type = box.toString('latin1', 4, 8)
      if (!containers.has(type)) return change(type, box)
      return change(type, sized(Buffer.concat([box.subarray(0, 8), mapBoxes(box.subarray(8), change)])))
    }),
  )
}

function split(bytes: Buffer): Buffer[] {
  const boxes: Buffer[] = []
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = bytes.readUInt32BE(at)
    boxes.push(bytes.subarray(at, at + size))
    at += size
  }
  return boxes
}

function sized(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(bytes.length)
  return bytes
}

function box(type: string, inside: readonly Buffer[]): Buffer {
  return sized(Buffer.concat([Buffer.alloc(4), Buffer.from(type, 'latin1'), ...inside]))
}

function uint(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
