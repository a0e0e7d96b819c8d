-- Accounts: until people can sign in there is one, the owner of the installation.
create table accounts (
  id text primary key,
  name text not null,
  role text not null check (role in ('owner', 'admin', 'moderator', 'member', 'guest')),
  created_at timestamptz not null default now()
);
insert into accounts (id, name, role) values ('owner', 'owner', 'owner');

create table batches (
  id text primary key,
  account_id text not null references accounts,
  name text not null,
  strict boolean not null default false,
  wish_key text not null,                   -- the same list asked for again is the same batch while it is open
  created_at timestamptz not null default now()
);

create table jobs (
  id text primary key,
  account_id text not null references accounts,
  batch_id text references batches,
  batch_index int,
  link jsonb not null,                      -- contract Link, without credentials
  title text not null,
  recipe text not null,
  destinations text[] not null,
  options jsonb not null default '{}',      -- contract JobOptions
  sealed text,                              -- contract JobSecrets, encrypted
  origin_key text not null,                 -- what "the same thing asked for again" means: link, choice and recipe
  wish_key text not null,                   -- the same with destinations and name: one open job each
  asked text check (asked in ('pause', 'cancel')),
  position double precision not null,       -- order by hand within an account; smaller is earlier
  state text not null default 'queued' check (state in ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
  priority smallint not null default 0,
  category text,
  fault jsonb,
  validators jsonb,
  outputs jsonb,                            -- ids of the assets that it delivered
  refetched boolean not null default false, -- begun anew by itself after its scratch was lost
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz
);
create index jobs_account on jobs (account_id, id desc);
create index jobs_batch on jobs (batch_id, id desc) where batch_id is not null; -- ids have the order of the lines
create index jobs_open on jobs (id desc) where state in ('queued', 'running', 'paused');
create index jobs_state on jobs (state, id desc);
create index jobs_origin on jobs (account_id, origin_key, id desc);
create index jobs_wish on jobs (account_id, wish_key) where state in ('queued', 'running', 'paused');

-- The queue. A step is ready when nothing that it waits for is left (waits = 0).
create table steps (
  id text primary key,
  job_id text not null references jobs on delete cascade,
  account_id text not null,
  kind text not null check (kind in ('resolve', 'fetch', 'process', 'deliver')),
  engine text not null,
  label text not null,
  site text not null default '',            -- the far side, for caps and breakers
  index int not null,
  input jsonb not null default '{}',
  after text[] not null default '{}',       -- ids of the steps that it waits for
  waits int not null default 0,             -- how many of those are not done yet
  state text not null check (state in ('waiting', 'ready', 'admitted', 'running', 'paused', 'done', 'failed', 'cancelled')),
  priority smallint not null default 0,
  position double precision not null,       -- the job's
  sequence text,                            -- strict batches: its job starts when the one before has ended
  optional boolean not null default false,  -- its failure does not fail the job: its inputs go on unchanged
  machine text,                             -- bound to this machine, where its inputs are
  attempt int not null default 0,           -- claims so far: the fence
  tries int not null default 0,             -- faults so far
  deaths int not null default 0,            -- workers that died under it, in a row
  ready_at timestamptz not null default now(),
  lease_until timestamptz,
  worker text,
  checkpoint jsonb,
  progress jsonb,
  output jsonb,                             -- ids of the assets that it made
  fault jsonb,
  asked text check (asked in ('pause', 'cancel')), -- what the worker that runs it shall do
  started_at timestamptz,
  ended_at timestamptz
);
create index steps_job on steps (job_id, index);
create index steps_lane on steps (account_id, kind, site, priority desc, position, id) where state = 'ready';
create index steps_later on steps (ready_at) where state = 'waiting' and waits = 0;
create index steps_active on steps (state, kind, priority desc, position) where state in ('admitted', 'running');
create index steps_sequence on steps (sequence, position) where sequence is not null and state = 'waiting';
create index steps_batch on steps (sequence) where sequence is not null and state in ('ready', 'admitted', 'running');
create index steps_worker on steps (worker) where worker is not null;
alter table steps set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

-- A lane is what is admitted as a whole: the ready steps of one account, kind and site. `served` is its account's virtual time.
create table lanes (
  account_id text not null,
  kind text not null,
  site text not null,
  served double precision not null default 0,
  idle boolean not null default false,
  primary key (account_id, kind, site)
);
-- How far the turns of a kind have come: the virtual time of what was admitted last. Lanes that were idle or held back go on
-- from here.
create table turns (
  kind text primary key,
  at double precision not null
);
insert into turns (kind, at) values ('resolve', 0), ('fetch', 0), ('process', 0), ('deliver', 0);

create index lanes_next on lanes (kind, served) where not idle;
alter table lanes set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);

-- External programs that a running step started, so that a sweep finds what a killed house left.
create table children (
  step_id text not null,
  attempt int not null,
  machine text not null,
  pid int not null,
  start_time text not null,
  boot_id text not null,
  primary key (machine, pid, start_time)
);

create table workers (
  id text primary key,
  machine text not null,
  pid int not null,
  boot_id text not null,
  start_time text not null,
  roles text[] not null,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now()
);

create table assets (
  id text primary key,
  account_id text not null references accounts,
  job_id text references jobs on delete set null,
  step_id text,
  name text not null,
  title text not null default '',
  type text not null,
  bytes bigint not null,
  sha256 text not null,
  state text not null check (state in ('scratch', 'kept', 'removed')),
  machine text,
  path text,                                -- where a scratch asset is on its machine
  facts jsonb,
  thumbnail text,                           -- sha256 of its picture in the store
  link text,                                -- provenance, without credentials
  created_at timestamptz not null default now(),
  kept_at timestamptz,
  words tsvector generated always as (to_tsvector('simple', coalesce(title, '') || ' ' || translate(name, '._-', '   ') || ' ' || translate(coalesce(link, ''), '/._-?&=', '       '))) stored
);
create unique index assets_kept on assets (account_id, sha256) where state = 'kept';
create index assets_digest on assets (sha256) where state <> 'removed';
create index assets_thumbnail on assets (thumbnail) where thumbnail is not null;
create index assets_job on assets (job_id);
create index assets_list on assets (account_id, id desc) where state = 'kept';
create index assets_words on assets using gin (words) where state = 'kept';

create table receipts (
  id bigint generated always as identity primary key,
  job_id text not null references jobs on delete cascade,
  step_id text not null,
  asset_id text not null,
  destination text not null,
  place text not null,
  sha256 text not null,
  bytes bigint not null,
  at timestamptz not null default now(),
  unique (step_id, asset_id, destination)
);
create index receipts_job on receipts (job_id);

create table events (
  seq bigint generated always as identity primary key,
  type text not null,
  job_id text,
  account_id text,
  at timestamptz not null default clock_timestamp(),
  data jsonb not null
);
create index events_job on events (job_id, seq);

create table links (
  id text primary key,
  asset_id text not null references assets,
  account_id text not null references accounts,
  expires_at timestamptz,
  max_uses int,
  uses int not null default 0,
  password_hash text,
  revoked_at timestamptz,
  created_at timestamptz not null default now()
);
create index links_asset on links (asset_id);

create table settings (
  name text primary key,
  value jsonb not null,
  changed_at timestamptz not null default now()
);

create table idempotency (
  account_id text not null,
  key text not null,
  operation text not null,
  input_sha256 text not null,
  output jsonb,
  created_at timestamptz not null default now(),
  primary key (account_id, key)
);

create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  account_id text,
  address text,
  request_id text,
  operation text not null,
  target text,
  outcome text not null
);
