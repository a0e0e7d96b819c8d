import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { databaseUrl } from './url.ts'

const accepted: readonly [string, string][] = [
  ['postgresql://u:p@h:5432/d', 'postgresql://u:p@h:5432/d'],
  ['postgres://u@h/d', 'postgresql://u@h/d'],
  ['postgresql+asyncpg://u:p@h/d?sslmode=disable', 'postgresql://u:p@h/d?sslmode=disable'],
  ['postgresql+psycopg2://h/d', 'postgresql://h/d'],
  ['postgres+driver://h/d', 'postgresql://h/d'],
  ['PostgreSQL+AsyncPG://h/d', 'postgresql://h/d'],
  ['  postgresql://h/d\n', 'postgresql://h/d'],
  ['postgresql:///d?host=/run/postgresql', 'postgresql:///d?host=/run/postgresql'],
  ['postgresql://u@/d?host=/tmp', 'postgresql://u@/d?host=/tmp'],
]

for (const [given, expected] of accepted) {
  test(`${JSON.stringify(given)} is read as ${expected}`, () => assert.equal(databaseUrl(given), expected))
}

const refused: readonly [string, RegExp][] = [
  ['mongodb://admin:hunter2@h/mltb', /jackdaw import mirror-leech/],
  ['mongodb+srv://admin:hunter2@cluster0.example.net/?x=y', /jackdaw import mirror-leech/],
  ['sqlite:///hunter2.db', /sqlite is not supported/],
  ['sqlite+aiosqlite:///hunter2.db', /sqlite is not supported/],
  ['mysql+pymysql://u:hunter2@h/d', /mysql is not supported/],
  ['postgresql:hunter2', /has \/\/ after/],
  ['postgresql://u:hunter2[@h:port/d', /%40/],
  ['redis://:hunter2@h', /looks like postgresql:/],
  ['hunter2', /looks like postgresql:/],
  ['', /looks like postgresql:/],
]

for (const [given, says] of refused) {
  test(`${JSON.stringify(given)} is refused with a sentence that helps and repeats no secret`, () => {
    assert.throws(
      () => databaseUrl(given),
      (error) => {
        assert(isFault(error, 'input.config'))
        assert.match(error.message, says)
        assert.doesNotMatch(JSON.stringify(error.view()), /hunter2/)
        return true
      },
    )
  })
}
