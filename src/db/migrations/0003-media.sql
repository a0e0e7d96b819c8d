-- Recipes that people make. Those of the house are in the program.
create table recipes (
  account_id text not null references accounts,
  name text not null,
  title text not null default '',
  steps jsonb not null,                     -- contract RecipeStep[]
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  primary key (account_id, name)
);

-- What an account wants unless a wish says otherwise: contract Preferences.
alter table accounts add column preferences jsonb not null default '{}';

alter table assets add column role text check (role in ('subtitle', 'cover'));

alter table jobs add column about jsonb;          -- contract About: what the far side says of it
alter table jobs add column media jsonb;          -- contract Media, while somebody is asked to choose
alter table jobs add column list_id text references batches; -- the batch of its entries
alter table batches add column list_of text references jobs on delete cascade; -- the job whose entries these are
create index batches_list on batches (list_of) where list_of is not null;
create index steps_gather on steps (id) where state = 'waiting' and engine = 'gather';

-- What follows are moves of the queue again, changed for lists, choices and addresses that run out.

-- Hands admitted steps to a worker: at most p_slots[kind] of each kind, each with what a step needs to know of its job.
create or replace function claim(p_worker text, p_machine text, p_slots jsonb) returns setof jsonb
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare taken steps[];
begin
  with claimed as (
    update steps s set state = 'running', attempt = s.attempt + 1, worker = p_worker, machine = p_machine,
      lease_until = now() + interval '15 seconds', started_at = coalesce(s.started_at, now()), asked = null
    where s.id = any(array(
      select p.id from jsonb_each_text(p_slots) k
      cross join lateral (
        -- The job too is locked before, without waiting: the check of the foreign key would lock it after the step.
        select a.id from steps a
        cross join lateral (select 1 from jobs j where j.id = a.job_id for key share skip locked) j
        where a.state = 'admitted' and a.kind = k.key and (a.machine is null or a.machine = p_machine)
        order by a.priority desc, a.position
        limit k.value::int
        for update of a skip locked
      ) p))
    returning s as step
  )
  select array_agg(c.step) into taken from claimed c;
  if taken is null then return; end if;
  insert into events (type, job_id, account_id, data)
    select 'step.started', t.job_id, t.account_id, step_data(t) || jsonb_build_object('attempt', t.attempt) from unnest(taken) t;
  with begun as (
    update jobs j set state = 'running', started_at = coalesce(j.started_at, now())
    where j.id = any(array(
      select q.id from (select distinct t.job_id from unnest(taken) t) t
      cross join lateral (select x.id, x.state from jobs x where x.id = t.job_id for update skip locked) q
      where q.state = 'queued'))
    returning j.id, j.account_id
  )
  insert into events (type, job_id, account_id, data) select 'job.started', b.id, b.account_id, '{}' from begun b;
  return query select jsonb_build_object('id', t.id, 'job_id', t.job_id, 'account_id', t.account_id, 'kind', t.kind, 'engine', t.engine,
      'label', t.label, 'site', t.site, 'index', t.index, 'input', t.input, 'after', t.after, 'attempt', t.attempt, 'tries', t.tries,
      'deaths', t.deaths, 'checkpoint', t.checkpoint, 'job', (
        select jsonb_build_object('link', j.link, 'title', j.title, 'recipe', j.recipe, 'destinations', j.destinations,
          'origin_key', j.origin_key, 'options', j.options, 'sealed', j.sealed, 'about', j.about,
          'list', case when j.batch_id is not null then (select b.name from batches b where b.id = j.batch_id and b.list_of is not null) end) from jobs j where j.id = t.job_id))
    from unnest(taken) t;
end $$;

-- Puts a job back to its beginning; the caller holds its lock. In a strict batch it waits for its turn.
create or replace function begin_anew(p_job text) returns void
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  j jobs;
  first text;
  strictly boolean;
begin
  delete from receipts where job_id = p_job;
  update jobs set state = 'queued', fault = null, asked = null, started_at = null, ended_at = null, media = null
    where id = p_job returning * into j;
  strictly := coalesce((select b.strict from batches b where b.id = j.batch_id), false);
  update steps set state = case when strictly then 'waiting' else 'ready' end, waits = case when strictly then 1 else 0 end,
      tries = 0, deaths = 0, fault = null, asked = null, ready_at = now(), started_at = null, ended_at = null, machine = null,
      output = null, progress = null
    where job_id = p_job and index = 0 returning id into first;
  perform add_event('job.retried', p_job, j.account_id, '{}');
  if strictly then perform release_next(j.batch_id); else perform open_lanes(array[first]); end if;
end $$;

-- The entries of a list have moved on: its job shows how many have ended, and goes on when all have. Counted once a second by
-- the sweep and when the last one ends; whoever holds the step at this moment is passed over, for the sweep comes again.
create function list_moved(p_batch text) returns void
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  gather text;
  n record;
begin
  select s.id into gather from batches b join steps s on s.job_id = b.list_of
    where b.id = p_batch and s.engine = 'gather' and s.state = 'waiting' and s.waits > 0 for update of s skip locked;
  if gather is null then return; end if;
  select count(*) filter (where j.state in ('queued', 'running', 'paused')) as open, count(*) as in_all into n from jobs j where j.batch_id = p_batch;
  update steps set progress = jsonb_build_object('unit', 'items', 'done', n.in_all - n.open, 'of', n.in_all),
      waits = case when n.open = 0 then 0 else waits end, state = case when n.open = 0 then 'ready' else state end
    where id = gather;
  if n.open = 0 then perform open_lanes(array[gather]); end if;
end $$;

-- Ends a job whose steps have ended, or says that it is paused. The caller holds the job's lock.
create or replace function settle(p_job text) returns text
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  j jobs;
  n record;
  ended text;
  why jsonb;
  delivered jsonb;
begin
  select * into j from jobs where id = p_job;
  select count(*) filter (where s.state in ('waiting', 'ready', 'admitted', 'running')) as open,
    count(*) filter (where s.state = 'paused') as paused,
    count(*) filter (where s.state = 'failed') as failed,
    count(*) filter (where s.state = 'cancelled') as cancelled
    into n from steps s where s.job_id = p_job;
  if n.open > 0 then
    if j.state = 'paused' then update jobs set state = 'running' where id = p_job; return 'running'; end if;
    return j.state;
  end if;
  if n.paused > 0 then
    if j.state <> 'paused' then
      update jobs set state = 'paused', asked = null where id = p_job;
      perform add_event('job.paused', p_job, j.account_id, '{}');
      if j.batch_id is not null then perform release_next(j.batch_id); end if;
    end if;
    return 'paused';
  end if;
  -- A wish to cancel that came too late for anything to be cancelled is forgotten: what was delivered is done.
  ended := case when n.failed + n.cancelled = 0 then 'done' when j.asked = 'cancel' or n.failed = 0 then 'cancelled' else 'failed' end;
  if j.state = ended then return ended; end if;
  if ended = 'failed' then
    select s.fault into why from steps s where s.job_id = p_job and s.state = 'failed'
      order by s.fault ->> 'code' in ('step.inputs-lost', 'source.expired'), s.index limit 1;
    -- Scratch is bound to a machine and may be lost, and addresses that a site makes for us run out; then fetching it again
    -- is our business and nobody else's, once.
    if why ->> 'code' in ('step.inputs-lost', 'source.expired') and not j.refetched then
      update jobs set refetched = true where id = p_job;
      perform begin_anew(p_job);
      return 'queued';
    end if;
  elsif ended = 'done' then
    select s.output into delivered from steps s where s.job_id = p_job and s.kind = 'deliver' order by s.index limit 1;
  end if;
  update jobs set state = ended, fault = why, ended_at = now(), asked = null, outputs = coalesce(delivered, outputs), media = null,
    sealed = case when ended = 'done' then null else sealed end where id = p_job;
  if ended <> 'failed' then
    update assets set state = 'removed', path = null where job_id = p_job and state = 'scratch';
  end if;
  insert into events (type, job_id, account_id, data)
    values ('job.' || ended, p_job, j.account_id, case when why is null then '{}' else jsonb_build_object('fault', why) end);
  if j.batch_id is not null then
    perform release_next(j.batch_id);
    if not exists (select 1 from jobs o where o.batch_id = j.batch_id and o.state in ('queued', 'running', 'paused')) then
      perform list_moved(j.batch_id);
    end if;
  end if;
  return ended;
end $$;

-- Adds the steps that a plan asks for. p_steps: [{id, kind, engine, label, site, index, input, after, waits, optional, machine, checkpoint, readyAt}];
-- one with readyAt begins by itself then.
create or replace function add_steps(p_job text, p_steps jsonb) returns void
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare j jobs;
begin
  select * into j from jobs where id = p_job;
  insert into steps (id, job_id, account_id, kind, engine, label, site, index, input, after, waits, state, priority, position, sequence, optional, machine, checkpoint, ready_at)
    select x.id, p_job, j.account_id, x.kind, x.engine, x.label, x.site, x.index, x.input, x.after, x.waits,
      case when j.asked = 'cancel' then 'cancelled' when j.asked = 'pause' then 'paused' when x.waits = 0 and x."readyAt" is null then 'ready' else 'waiting' end,
      j.priority, j.position, case when b.strict then j.batch_id end, x.optional, x.machine, x.checkpoint, coalesce(x."readyAt", now())
    from jsonb_to_recordset(p_steps) as x(id text, kind text, engine text, label text, site text, index int, input jsonb,
      after text[], waits int, optional boolean, machine text, checkpoint jsonb, "readyAt" timestamptz)
    left join batches b on b.id = j.batch_id;
  perform open_lanes((select array_agg(x ->> 'id') from jsonb_array_elements(p_steps) x));
end $$;

-- Makes a job of each entry of a list, with the priority and the category of the list's own. p_list: {batch: {id, name, strict,
-- wishKey}, jobs: as start_jobs, inAll, skipped: [{title, reason}]}. Nothing when somebody has just cancelled.
create function expand(p_job text, p_list jsonb) returns void
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare j jobs;
begin
  select * into j from jobs where id = p_job;
  if j.asked = 'cancel' then return; end if;
  insert into batches (id, account_id, name, strict, wish_key, list_of)
    values (p_list #>> '{batch,id}', j.account_id, p_list #>> '{batch,name}', (p_list #>> '{batch,strict}')::boolean, p_list #>> '{batch,wishKey}', p_job);
  update jobs set list_id = p_list #>> '{batch,id}' where id = p_job;
  perform start_jobs(j.account_id, p_list #>> '{batch,id}', (p_list #>> '{batch,strict}')::boolean,
    (select jsonb_agg(x.item || jsonb_build_object('priority', j.priority, 'category', j.category) order by x.nr)
      from jsonb_array_elements(p_list -> 'jobs') with ordinality x(item, nr)));
  perform add_event('job.expanded', p_job, j.account_id, jsonb_build_object('title', j.title, 'batch', p_list #>> '{batch,id}',
    'count', jsonb_array_length(p_list -> 'jobs'), 'inAll', p_list -> 'inAll', 'skipped', p_list -> 'skipped'));
end $$;

-- A step is done. p_result: {made: [asset rows], output: [asset…], notes: [{asset, facts, thumbnail}], receipts: […], keep: [asset…],
-- plan: […], title, validators, about, bytes, progress, asked: {media, choices, until}, list: {batch, jobs, inAll, skipped}}. Returns the job's state, or null when the step is no longer the caller's:
-- nothing has changed then.
create or replace function finish(p_step text, p_attempt int, p_result jsonb) returns text
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  s steps;
  jid text;
  r jsonb;
  place text;
begin
  select j.id into jid from jobs j where j.id = (select job_id from steps where id = p_step) for update;
  update steps set state = 'done', output = p_result -> 'output', ended_at = now(), lease_until = null, worker = null, deaths = 0,
      fault = null, progress = coalesce(p_result -> 'progress', progress)
    where id = p_step and attempt = p_attempt and state = 'running' returning * into s;
  if not found then return null; end if;
  if p_result ? 'made' then
    insert into assets (id, account_id, job_id, step_id, name, title, type, bytes, sha256, state, machine, path, link, role)
      select m.id, s.account_id, jid, p_step, m.name, j.title, m.type, m.bytes, m.sha256, 'scratch', s.machine, m.path, j.link ->> 'text', m.role
      from jsonb_to_recordset(p_result -> 'made') as m(id text, name text, type text, bytes bigint, sha256 text, path text, role text), jobs j
      where j.id = jid;
  end if;
  if p_result ? 'notes' then
    update assets a set facts = case when n.facts is null then a.facts else coalesce(a.facts, '{}') || n.facts end, thumbnail = coalesce(n.thumbnail, a.thumbnail)
      from jsonb_to_recordset(p_result -> 'notes') as n(asset text, facts jsonb, thumbnail text) where a.id = n.asset;
  end if;
  for r in select * from jsonb_array_elements(coalesce(p_result -> 'receipts', '[]')) loop
    place := r ->> 'place';
    if (p_result -> 'keep') ? (r ->> 'asset') then place := 'library:' || keep_asset(r ->> 'asset'); end if;
    insert into receipts (job_id, step_id, asset_id, destination, place, sha256, bytes)
      values (jid, p_step, r ->> 'asset', r ->> 'destination', place, r ->> 'sha256', (r ->> 'bytes')::bigint)
      on conflict do nothing;
    insert into events (type, job_id, account_id, data)
      values ('delivery.done', jid, s.account_id, jsonb_build_object('receipt', r || jsonb_build_object('place', place)));
  end loop;
  insert into events (type, job_id, account_id, data) values ('step.done', jid, s.account_id, step_data(s));
  if p_result ? 'plan' then
    update jobs set title = coalesce(p_result ->> 'title', title), validators = p_result -> 'validators',
      about = coalesce(p_result -> 'about', about), media = p_result #> '{asked,media}' where id = jid;
    -- Only what was begun before has steps of an earlier try.
    if s.attempt > 1 then delete from steps where job_id = jid and index > s.index; end if;
    perform add_steps(jid, p_result -> 'plan');
    insert into events (type, job_id, account_id, data)
      values ('job.planned', jid, s.account_id, jsonb_strip_nulls(jsonb_build_object('title', (select title from jobs where id = jid),
        'steps', jsonb_array_length(p_result -> 'plan'), 'bytes', p_result -> 'bytes')));
  end if;
  if p_result ? 'asked' then
    perform add_event('job.asked', jid, s.account_id, jsonb_build_object('title', p_result ->> 'title',
      'choices', p_result #> '{asked,choices}', 'until', p_result #> '{asked,until}'));
  end if;
  if p_result ? 'list' then perform expand(jid, p_result -> 'list'); end if;
  perform advance(s);
  return settle(jid);
end $$;

-- Once a second, by whoever comes first: steps of dead workers go back without counting a try, retries come due, lanes that
-- a race left idle are opened. Returns {released: [job…], woken}, or null when another process is just doing it.
create or replace function sweep(p_deadly jsonb) returns jsonb
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  lost record;
  released text[] := '{}';
  woken text[];
begin
  if not pg_try_advisory_xact_lock(7236, 2) then return null; end if;
  for lost in select s.id, s.attempt, s.job_id from steps s where s.state = 'running' and s.lease_until < now() order by s.job_id loop
    perform release(lost.id, lost.attempt, 'dead', p_deadly, null, null);
    released := released || lost.job_id;
  end loop;
  perform release_next(b.sequence) from (
    select distinct s.sequence from steps s where s.sequence is not null and s.state = 'waiting' and s.waits > 0 and s.kind = 'resolve') b;
  perform list_moved(l.list_id) from (
    select j.list_id from steps s join jobs j on j.id = s.job_id where s.state = 'waiting' and s.engine = 'gather' and s.waits > 0) l;
  update steps set state = 'ready', lease_until = null where state = 'admitted' and lease_until < now();
  with due as (
    update steps set state = 'ready' where state = 'waiting' and waits = 0 and ready_at <= now() returning id
  )
  select array_agg(d.id) into woken from due d;
  perform open_lanes(woken);
  update lanes l set idle = false where l.idle
    and exists (select 1 from steps s where s.account_id = l.account_id and s.kind = l.kind and s.site = l.site and s.state = 'ready'
      and (s.machine is null or s.machine in (select w.machine from workers w where w.seen_at > now() - interval '30 seconds')));
  perform rest_lanes(null, null, null);
  return jsonb_build_object('released', to_jsonb(released), 'woken', coalesce(cardinality(woken), 0));
end $$;

-- Somebody has chosen: the step that waits for it goes on at once. False when none waits.
create function choose(p_job text, p_choice text, p_items text) returns boolean
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare chosen text;
begin
  perform 1 from jobs where id = p_job for update;
  update steps set state = 'ready', ready_at = now(), input = input || jsonb_strip_nulls(jsonb_build_object('choice', p_choice, 'items', p_items))
    where job_id = p_job and engine = 'choose' and state = 'waiting' and waits = 0 returning id into chosen;
  if chosen is null then return false; end if;
  perform open_lanes(array[chosen]);
  return true;
end $$;

-- People pause, resume or cancel a job. What runs is asked to stop and is settled by its worker (or by the sweep).
-- Returns the job's state.
create or replace function ask(p_job text, p_what text) returns text
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  j jobs;
  woken text[];
  strictly boolean;
begin
  select * into j from jobs where id = p_job for update;
  if not found then return null; end if;
  -- Who asked to cancel has decided: nothing that comes later takes it back.
  if j.state in ('done', 'failed', 'cancelled') or j.asked = 'cancel' then return j.state; end if;
  if p_what = 'resume' then
    if j.state <> 'paused' and j.asked is null then return j.state; end if;
    -- A job of a strict batch that has not begun gets in line again.
    strictly := j.started_at is null and coalesce((select b.strict from batches b where b.id = j.batch_id), false);
    with back as (
      -- Who was to choose is asked on, as long as was said.
      update steps set state = case when waits = 0 and not strictly and not (engine = 'choose' and ready_at > now()) then 'ready' else 'waiting' end,
          ready_at = case when engine = 'choose' then ready_at else now() end,
          waits = case when strictly and kind = 'resolve' then 1 else waits end
        where job_id = p_job and state = 'paused' returning id, state
    )
    select array_agg(b.id) filter (where b.state = 'ready') into woken from back b;
    update steps set asked = null where job_id = p_job and asked = 'pause';
    update jobs set state = case when started_at is null then 'queued' else 'running' end, asked = null where id = p_job;
    perform add_event('job.resumed', p_job, j.account_id, '{}');
    perform open_lanes(woken);
    if strictly then perform release_next(j.batch_id); end if;
    return case when j.started_at is null then 'queued' else 'running' end;
  end if;
  update jobs set asked = p_what where id = p_job;
  -- First what does not run, then what does: a step that is claimed between the two is found by the second.
  if p_what = 'pause' then
    update steps set state = 'paused', lease_until = null where job_id = p_job and state in ('waiting', 'ready', 'admitted');
  else
    update steps set state = 'cancelled', lease_until = null, ended_at = now() where job_id = p_job and state in ('waiting', 'ready', 'admitted', 'paused');
  end if;
  update steps set asked = p_what where job_id = p_job and state = 'running';
  return settle(p_job);
end $$;

-- Asks the open jobs of a batch to pause, resume or cancel, in the order of their ids. Returns their ids.
create function ask_batch(p_batch text, p_what text) returns text[]
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  j record;
  asked text[] := '{}';
begin
  for j in select id from jobs where batch_id = p_batch and state in ('queued', 'running', 'paused') order by id loop
    perform ask(j.id, p_what);
    asked := asked || j.id;
  end loop;
  return asked;
end $$;

-- Begins the failed and cancelled entries of an ended list anew; the list waits for them again. Returns their ids.
create function restart_list(p_job text) returns text[]
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  l jobs;
  j record;
  begun text[] := '{}';
begin
  select * into l from jobs where id = p_job and state in ('failed', 'cancelled') and list_id is not null for update;
  if not found then return null; end if;
  for j in select id from jobs where batch_id = l.list_id and state in ('failed', 'cancelled') order by id loop
    perform restart(j.id);
    begun := begun || j.id;
  end loop;
  update jobs set state = 'running', fault = null, asked = null, ended_at = null where id = p_job;
  update steps set state = 'waiting', waits = 1, tries = 0, deaths = 0, fault = null, asked = null, ready_at = now(), ended_at = null, machine = null
    where job_id = p_job and engine = 'gather';
  perform add_event('job.retried', p_job, l.account_id, '{}');
  perform list_moved(l.list_id);
  return begun;
end $$;
