import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { FaultView } from '@jackdaw/contract/faults.ts'
import type { MediaFacts } from '@jackdaw/contract/nouns/asset.ts'
import type { JobState, Priority, Progress, StepKind, StepState } from '@jackdaw/contract/nouns/job.ts'
import type { Link } from '@jackdaw/contract/nouns/link.ts'
import type { About, Media, Role, Validators } from '@jackdaw/contract/nouns/media.ts'
import type { JobOptions } from '@jackdaw/contract/nouns/options.ts'
import type { RecipeStep } from '@jackdaw/contract/nouns/recipe.ts'
import type { Preferences } from '@jackdaw/contract/operations/preferences.ts'

/** A jsonb column: read as T, written as JSON text. */
type Json<T extends object> = JSONColumnType<T>
type MaybeJson<T extends object> = JSONColumnType<T | null, string | null | undefined, string | null>
type MaybeDate = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>

export interface Tables {
  accounts: {
    id: string
    name: string
    role: 'owner' | 'admin' | 'moderator' | 'member' | 'guest'
    preferences: ColumnType<Preferences, string | undefined, string>
    created_at: Generated<Date>
  }
  recipes: {
    account_id: string
    name: string
    title: Generated<string>
    steps: Json<RecipeStep[]>
    created_at: Generated<Date>
    changed_at: Generated<Date>
  }
  batches: {
    id: string
    account_id: string
    name: string
    strict: Generated<boolean>
    wish_key: string
    list_of: string | null
    created_at: Generated<Date>
  }
  jobs: {
    id: string
    account_id: string
    batch_id: string | null
    batch_index: number | null
    link: Json<Link>
    title: string
    recipe: string
    destinations: string[]
    options: Json<JobOptions>
    sealed: string | null
    origin_key: string
    wish_key: string
    asked: 'pause' | 'cancel' | null
    position: number
    state: Generated<JobState>
    priority: Generated<Priority>
    category: string | null
    fault: MaybeJson<FaultView>
    validators: MaybeJson<Validators>
    outputs: MaybeJson<string[]>
    refetched: Generated<boolean>
    about: MaybeJson<About>
    media: MaybeJson<Media>
    list_id: string | null
    created_at: Generated<Date>
    started_at: MaybeDate
    ended_at: MaybeDate
  }
  steps: {
    id: string
    job_id: string
    account_id: string
    kind: StepKind
    engine: string
    label: string
    site: Generated<string>
    index: number
    input: Json<object>
    after: Generated<string[]>
    waits: Generated<number>
    state: StepState
    priority: Generated<Priority>
    position: number
    sequence: string | null
    optional: Generated<boolean>
    machine: string | null
    attempt: Generated<number>
    tries: Generated<number>
    deaths: Generated<number>
    ready_at: Generated<Date>
    lease_until: MaybeDate
    worker: string | null
    checkpoint: MaybeJson<object>
    progress: MaybeJson<Progress>
    output: MaybeJson<string[]>
    fault: MaybeJson<FaultView>
    asked: 'pause' | 'cancel' | null
    started_at: MaybeDate
    ended_at: MaybeDate
  }
  lanes: {
    account_id: string
    kind: StepKind
    site: string
    served: Generated<number>
    idle: Generated<boolean>
  }
  children: {
    step_id: string
    attempt: number
    machine: string
    pid: number
    start_time: string
    boot_id: string
  }
  workers: {
    id: string
    machine: string
    pid: number
    boot_id: string
    start_time: string
    roles: string[]
    started_at: Generated<Date>
    seen_at: Generated<Date>
  }
  assets: {
    id: string
    account_id: string
    job_id: string | null
    step_id: string | null
    name: string
    title: Generated<string>
    type: string
    bytes: number
    sha256: string
    state: 'scratch' | 'kept' | 'removed'
    machine: string | null
    path: string | null
    facts: MaybeJson<MediaFacts>
    thumbnail: string | null
    role: Role | null
    link: string | null
    created_at: Generated<Date>
    kept_at: MaybeDate
    words: ColumnType<string, never, never>
  }
  receipts: {
    id: Generated<number>
    job_id: string
    step_id: string
    asset_id: string
    destination: string
    place: string
    sha256: string
    bytes: number
    at: Generated<Date>
  }
  events: {
    seq: Generated<number>
    type: string
    job_id: string | null
    account_id: string | null
    at: Generated<Date>
    data: Json<object>
  }
  links: {
    id: string
    asset_id: string
    account_id: string
    expires_at: MaybeDate
    max_uses: number | null
    uses: Generated<number>
    password_hash: string | null
    revoked_at: MaybeDate
    created_at: Generated<Date>
  }
  settings: {
    name: string
    value: Json<object>
    changed_at: Generated<Date>
  }
  idempotency: {
    account_id: string
    key: string
    operation: string
    input_sha256: string
    output: MaybeJson<object>
    created_at: Generated<Date>
  }
  audit: {
    id: Generated<number>
    at: Generated<Date>
    account_id: string | null
    address: string | null
    request_id: string | null
    operation: string
    target: string | null
    outcome: string
  }
}
