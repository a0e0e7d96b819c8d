import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { factsOf } from './facts.ts'

const video = { codec_type: 'video', codec_name: 'h264', width: 1920, height: 1080 }

test('a film that was taken upright is upright', () => {
  const facts = factsOf({ streams: [{ ...video, side_data_list: [{ rotation: -90 }] }] }, 'video/mp4')
  assert.deepEqual([facts?.width, facts?.height], [1080, 1920])
})

test('what ffprobe does not know is left out', () => {
  const format = { format_name: 'mov,mp4', duration: 'N/A', bit_rate: '0', tags: { major_brand: 'qt  ' } }
  const facts = factsOf({ format, streams: [{ ...video, avg_frame_rate: '0/0' }] }, 'video/quicktime')
  assert.deepEqual(facts, {
    container: 'mov',
    width: 1920,
    height: 1080,
    streams: [{ kind: 'video', codec: 'h264', width: 1920, height: 1080 }],
    tags: { major_brand: 'qt' },
  })
})

test('tags are few, short and without NUL, and an unknown language is none', () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`Key ${index}`, 'x\0'.repeat(5000)]))
  const facts = factsOf({ format: { tags: many }, streams: [{ ...video, tags: { language: 'und' } }] }, 'video/mp4')
  assert.equal(Object.keys(facts?.tags ?? {}).length, 64)
  assert.equal(facts?.tags?.['key 0'], 'x'.repeat(2000))
  assert.equal(facts?.streams?.[0]?.language, undefined)
})

test('without sound and without a picture that has a size it is not media', () => {
  assert.equal(factsOf({}, 'video/mp4'), undefined)
  assert.equal(factsOf({ streams: [{ codec_type: 'subtitle' }] }, 'video/mp4'), undefined)
  assert.equal(factsOf({ streams: [{ codec_type: 'video', codec_name: 'mjpeg' }] }, 'image/jpeg'), undefined)
})

test('whatever a tool prints as JSON, the facts are valid or there are none', () => {
  const stream = fc.record(
    {
      codec_type: fc.constantFrom('video', 'audio', 'x'),
      width: fc.jsonValue(),
      tags: fc.jsonValue(),
      avg_frame_rate: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  const format = fc.record(
    {
      format_name: fc.jsonValue(),
      duration: fc.jsonValue(),
      bit_rate: fc.string(),
      tags: fc.dictionary(fc.string(), fc.jsonValue()),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.record({ format, streams: fc.array(stream) }), (probed) => void factsOf(probed, 'video/mp4')),
  )
})
