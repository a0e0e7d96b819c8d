import { crc32, deflateRawSync } from 'node:zlib'

/** One thing in an archive that is made for a test. */
export interface Member {
  /** As it is written, be it as wicked as it likes. */
  readonly name: string | Buffer
  readonly content?: string | Buffer
  /** Type and rights as Unix has them: 0o120777 is a link. A regular file when absent. */
  readonly mode?: number
  /** Of a link in a tar: where it leads, and whether it is a hard one. */
  readonly target?: string
  readonly isHard?: true
  /** The size that a zip says it has. */
  readonly lie?: number
  /** Where a zip says that its bytes begin: members can share them. */
  readonly at?: number
}

/** A zip, deflated. */
export function zipOf(members: readonly Member[]): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { name: text, content = '', mode = 0o100644, lie, at } of members) {
    const name = Buffer.from(text as string)
    const raw = Buffer.from(content as string)
    const packed = deflateRawSync(raw)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x0800, 2) // names are UTF-8
    common.writeUInt16LE(8, 4)
    common.writeUInt16LE(0x5a21, 8)
    common.writeUInt32LE(crc32(raw), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(lie ?? raw.length, 18)
    common.writeUInt16LE(name.length, 22)
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE((mode << 16) >>> 0, 6)
    tail.writeUInt32LE(at ?? offset, 10)
    central.push(Buffer.from('PK\x01\x02\x14\x03'), common, tail, name)
    if (at !== undefined) continue
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, packed])
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(members.length, 8)
  end.writeUInt16LE(members.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}

/** A tar (ustar). */
export function tarOf(members: readonly Member[]): Buffer {
  const blocks = members.flatMap(({ name, content = '', mode = 0o100644, target, isHard }) => {
    const body = Buffer.from(content as string)
    const header = Buffer.alloc(512)
    header.set(Buffer.from(name as string).subarray(0, 100), 0)
    const kind = { 0o120000: '2', 0o020000: '3', 0o060000: '4', 0o040000: '5', 0o010000: '6' }[mode & 0o170000] ?? '0'
    header.write(`${(mode & 0o7777).toString(8).padStart(7, '0')}\x000000000\x000000000\0`, 100, 'latin1')
    header.write(`${body.length.toString(8).padStart(11, '0')}\x0000000000000\0        `, 124, 'latin1')
    header.write(isHard ? '1' : kind, 156)
    header.write(target ?? '', 157)
    header.write('ustar\x0000', 257, 'latin1')
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}
