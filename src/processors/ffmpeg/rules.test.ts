import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as holds, constantFrom, property, string } from 'fast-check'
import { bind } from './bind.ts'
import { graphFault } from './graph.ts'
import { judge } from './judge.ts'
import { FfmpegOptions } from './options.ts'
import { words } from './words.ts'

test('a line is cut as a shell would cut it, and nothing is expanded', () => {
  assert.deepEqual(words(`-vf "scale=-2:720" 'it''s' a\\ b "x\\"y" $HOME $(id) \`id\` * ~ "" ;|&`), [
    '-vf',
    'scale=-2:720',
    'its',
    'a b',
    'x"y',
    '$HOME',
    '$(id)',
    '`id`',
    '*',
    '~',
    '',
    ';|&',
  ])
  for (const line of ["'a", '"a', 'a\\']) assert.throws(() => words(line), /partner|nothing follows/)
})

test('usual recipes are taken', () => {
  for (const args of [
    'ffmpeg -hide_banner -y -i {input} -c:v libx264 -crf 23 -preset fast -c:a aac -b:a 128k -movflags +faststart {output}',
    '-i {input} -vf "scale=-2:\'min(720,ih)\',fps=30" -an',
    '-ss 1:30 -i {input} -t 10 -c copy',
    '-i {input} -i {input:2} -filter_complex "[0:v][1:v]hstack=inputs=2[v];[0:a][1:a]amix=2[a]" -map [v] -map [a]',
    '-i {input} -i {cover} -map 0:a -map 1:v -c copy -disposition:v attached_pic -metadata title={title}',
    '-vf "drawtext=text={title}:fontsize=24:x=(w-tw)/2:y=h-40:enable=\'between(t,0,5)\'" -c:a copy',
    '-i {input} -map 0 -map -0:d? -c copy -map_metadata -1 -bsf:a aac_adtstoasc',
    '-vf split[a][b];[a]palettegen[p];[b][p]paletteuse -loop 0',
    '-af loudnorm=I=-16:TP=-1.5:LRA=11,aresample=48000',
    "-vf select='eq(pict_type\\,I)',setpts=N/FRAME_RATE/TB",
  ]) {
    const parsed = FfmpegOptions.safeParse({ args, extension: 'mp4' })
    assert.deepEqual(parsed.error?.issues, undefined, args)
  }
})

test('inputs and the output are found', () => {
  assert.deepEqual(judge(words('-ss 5 -i {input:2} -i {cover} -c copy {output}')), {
    inputs: [
      { options: ['-ss', '5'], which: 2 },
      { options: [], which: 'cover' },
    ],
    output: ['-c', 'copy'],
  })
  assert.deepEqual(judge(['-vn']), { inputs: [{ options: [], which: 1 }], output: ['-vn'] })
})

const own = { vars: {}, values: {}, title: '', stem: '' }

test('variables are bound inside their argument, in their type', () => {
  const vars: Parameters<typeof bind>[1]['vars'] = {
    crf: { type: 'number', default: 23, min: 0, max: 51 },
    text: { type: 'text', default: 'hi' },
    how: { type: 'choice', choices: ['fast', 'slow'], default: 'fast' },
  }
  const bound = (args: string, values = {}) => bind(words(args), { ...own, vars, values })
  assert.deepEqual(bound('-crf {crf} -preset {how} -metadata a={text}'), [
    '-crf',
    '23',
    '-preset',
    'fast',
    '-metadata',
    'a=hi',
  ])
  assert.deepEqual(bound('-metadata a={text}', { text: '-i /etc/passwd {crf}' }), [
    '-metadata',
    'a=-i /etc/passwd {crf}',
  ])
  for (const [args, values] of [
    ['-crf {crf}', { crf: '23' }],
    ['-crf {crf}', { crf: 52 }],
    ['-preset {how}', { how: 'other' }],
    ['{text}', { text: '-dump' }],
    ['-x {text}', { text: 'a\nb' }],
    ['-x {nope}', {}],
    ['-x', { nope: 1 }],
  ] as const) {
    assert.throws(() => bound(args, values), Error, JSON.stringify([args, values]))
  }
})

test('whatever a text is, in a graph it stays one value', () => {
  holds(
    property(string({ unit: constantFrom(...`a\\':%,;[]= {}`), maxLength: 12 }), (text) => {
      const [, graph = ''] = bind(['-vf', 'drawtext=text={title}:x=1,fps=5'], { ...own, title: text })
      assert.equal(graphFault(graph), undefined, graph)
      const [, plain = ''] = bind(['-vf', 'drawtext=text={title}:textfile=x,fps=5'], { ...own, title: text })
      assert.match(graphFault(plain) ?? '', /textfile/, plain)
    }),
  )
})
