-- The moves of the queue. Each is one round trip and one transaction: a step and what follows from it change together.
-- Plans live as long as their connection and are often made on small tables; reading whole tables is therefore no choice
-- (measured at 100,000 steps: 120 ms for taking one step with plans made before, 3 ms without that choice).
-- Lock order: the job, then its steps, then lanes; several jobs in the order of their ids.
-- Plans are kept per connection and made when the tables may still be empty, so the statements leave no choice: rows that are
-- known by their ids are reached by `cross join lateral (… offset 0)` or `= any(array(…))`. Free to choose, the planner read
-- the whole index of ready steps, or all jobs, for each step. The moves that run most ask for no others (`plan_cache_mode`): to
-- plan each statement anew for its values took a tenth of the server's time.

create function add_event(p_type text, p_job text, p_account text, p_data jsonb) returns void
language sql as $$
  insert into events (type, job_id, account_id, data) values (p_type, p_job, p_account, p_data)
$$;

create function step_data(s steps) returns jsonb
language sql stable as $$
  select jsonb_build_object('step', s.id, 'kind', s.kind, 'engine', s.engine, 'label', s.label)
$$;

-- Opens the lanes of ready steps. A lane that is new or was idle goes on at the turn that it is: nobody saves up turns, and
-- nobody begins anew with another site. Nearly always it is awake, and is only held so until the steps are committed: see
-- rest_lanes. Lanes are locked in one order, for several may be opened.
create function open_lanes(p_steps text[]) returns void
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  lane record;
  awake boolean;
begin
  for lane in
    select distinct s.account_id, s.kind, s.site from unnest(p_steps) u(id)
    cross join lateral (select x.account_id, x.kind, x.site, x.state from steps x where x.id = u.id offset 0) s
    where s.state = 'ready'
    order by 1, 2, 3
  loop
    -- Without a word on "idle" in the condition, so that the index of awake lanes, which is long, is no choice.
    select not l.idle into awake from lanes l
      where l.account_id = lane.account_id and l.kind = lane.kind and l.site = lane.site for key share;
    continue when awake;
    insert into lanes as l (account_id, kind, site, served)
      select lane.account_id, lane.kind, lane.site, greatest(t.at,
        (select max(o.served) from lanes o where o.account_id = lane.account_id and o.kind = lane.kind))
      from turns t where t.kind = lane.kind
      on conflict (account_id, kind, site) do update set idle = false, served = excluded.served where l.idle;
  end loop;
end $$;

-- Puts empty lanes to sleep: of a kind those that come first, or all. A lane that somebody just opens is left alone: asleep with
-- a ready step in it, it would make that step wait for the next sweep (measured: one wish in a hundred, for a second). So it is
-- locked first and looked at again with a newer eye. With p_machines, steps that are bound to others do not count. Returns
-- whether there were any.
create function rest_lanes(p_kind text, p_first int, p_machines text[]) returns boolean
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare empty tid[];
begin
  empty := array(
    select l.ctid from lanes l
    where (p_kind is null or (l.kind, l.account_id, l.site) in (
        select o.kind, o.account_id, o.site from lanes o where o.kind = p_kind and not o.idle order by o.served limit p_first))
      and not l.idle
      and not exists (select 1 from steps s where s.account_id = l.account_id and s.kind = l.kind and s.site = l.site and s.state = 'ready'
        and (p_machines is null or s.machine is null or s.machine = any(p_machines)))
    for update of l skip locked);
  if cardinality(empty) = 0 then return false; end if;
  update lanes l set idle = true where l.ctid = any(empty)
    and not exists (select 1 from steps s where s.account_id = l.account_id and s.kind = l.kind and s.site = l.site and s.state = 'ready'
        and (p_machines is null or s.machine is null or s.machine = any(p_machines)));
  return found;
end $$;

-- Marks as admitted what may run now. p_limits: {kind: slots…, perAccount, perSite, perMachine}. Fair: within one call and
-- between calls each account is served in turn; within an account priority, then order by hand.
-- Returns how many, or -1 when another process is just doing it.
create function admit(p_limits jsonb) returns int
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  k text;
  free int;
  width int;
  total int := 0;
  got int;
  seen int;
  machines text[];
  here text[];
  full_accounts text[];
  full_sites text[];
  now_at double precision;
  next_at double precision;
begin
  if not pg_try_advisory_xact_lock(7236, 1) then return -1; end if;
  select coalesce(array_agg(distinct w.machine), '{}') into machines from workers w where w.seen_at > now() - interval '30 seconds';
  foreach k in array array['deliver', 'process', 'fetch', 'resolve'] loop
    select (p_limits ->> k)::int - count(*) into free from steps s where s.state in ('admitted', 'running') and s.kind = k;
    continue when free <= 0;
    select t.at into now_at from turns t where t.kind = k;
    here := machines;
    if k = 'process' then
      here := array(select m from unnest(machines) m where (p_limits ->> 'perMachine')::int >
        (select count(*) from steps s where s.state in ('admitted', 'running') and s.kind = 'process' and s.machine = m));
    end if;
    while free > 0 loop
      width := 2 * free + 8;
      full_accounts := array(select s.account_id from steps s where s.state in ('admitted', 'running') and s.kind = k
        group by 1 having count(*) >= (p_limits ->> 'perAccount')::int);
      full_sites := array(select s.site from steps s where s.state in ('admitted', 'running') and s.kind in ('fetch', 'resolve')
        and s.site <> '' group by 1 having count(*) >= (p_limits ->> 'perSite')::int);
      with active as materialized (
        select s.account_id, s.kind, s.site, s.machine from steps s where s.state in ('admitted', 'running')
      ), next as materialized (
        -- By the index, so that it ends after a few lanes however many there are.
        select l.account_id, l.site, l.served from lanes l
        where l.kind = k and not l.idle and l.account_id <> all(full_accounts) and l.site <> all(full_sites)
        order by l.served
        limit width
      ), candidate as materialized (
        select l.account_id, l.site, greatest(l.served, now_at) as served,
          (p_limits ->> 'perAccount')::int - coalesce(a.n, 0) as account_free,
          case when l.site = '' then free else (p_limits ->> 'perSite')::int - coalesce(f.n, 0) end as site_free
        from next l
        left join (select account_id, count(*) n from active where kind = k group by 1) a on a.account_id = l.account_id
        left join (select site, count(*) n from active where kind in ('fetch', 'resolve') group by 1) f on f.site = l.site
      ), step as materialized (
        select c.account_id, c.site, c.served, c.account_free, c.site_free, s.id, s.machine, s.priority, s.position
        from candidate c
        cross join lateral (
          select r.id, r.machine, r.priority, r.position from steps r
          where r.account_id = c.account_id and r.kind = k and r.site = c.site and r.state = 'ready'
            and (r.machine is null or r.machine = any(here))
          order by r.priority desc, r.position, r.id
          limit least(free, c.account_free, c.site_free)
        ) s
      ), turned as (
        select s.*, row_number() over (partition by s.account_id order by s.priority desc, s.position, s.id) as turn from step s
      ), ranked as (
        select s.*, s.served + s.turn as goes,
          row_number() over (partition by s.site order by s.served + s.turn, s.priority desc, s.position, s.id) as at_site,
          row_number() over (partition by s.machine order by s.served + s.turn, s.priority desc, s.position, s.id) as on_machine
        from turned s
      ), picked as (
        select r.id, r.goes from ranked r
        left join (select machine, count(*) n from active where kind = 'process' group by 1) m on m.machine = r.machine
        cross join (select case when count(*) = width then max(c.served) end as far from candidate c) seen_to
        -- Lanes that did not fit into this look come before the second turn of those that did.
        where (seen_to.far is null or r.goes <= seen_to.far + 1) and r.turn <= r.account_free and (r.site = '' or r.at_site <= r.site_free)
          and (k <> 'process' or r.machine is null or r.on_machine <= (p_limits ->> 'perMachine')::int - coalesce(m.n, 0))
        order by r.goes, r.priority desc, r.position
        limit free
      ), admitted as (
        update steps s set state = 'admitted', lease_until = now() + interval '30 seconds'
        -- What somebody just pauses or cancels is passed over: waiting for it, the two could wait for each other.
        -- As "case", so that the index of ready steps is no choice.
        where s.id = any(array(
          select x.id from steps x where x.id = any(array(select p.id from picked p)) and case x.state when 'ready' then true end
          for update skip locked))
        returning s.account_id
      ), charged as (
        update lanes l set served = greatest(l.served, now_at) + n.n
        from (select account_id, count(*) n from admitted group by 1) n
        where l.account_id = n.account_id and l.kind = k and case when l.idle then null else true end
      )
      select (select count(*) from admitted), (select count(*) from ranked), (select max(p.goes) - 1 from picked p) into got, seen, next_at;
      if next_at > now_at then
        update turns t set at = next_at where t.kind = k;
        now_at := next_at;
      end if;
      total := total + got;
      free := free - got;
      exit when free = 0;
      -- Steps that the caps let pass no longer stand before others.
      continue when got > 0 and seen > got;
      -- Empty lanes do no harm while all fit into one look; the sweep puts them to sleep. Doing it here each time made
      -- finishing steps wait for admission to let go of their lanes: two fifths of all statements' time.
      exit when (select count(*) from (select 1 from lanes l where l.kind = k and not l.idle limit width + 1) x) <= width;
      -- The first lanes had too little: put the empty ones to sleep (also those whose machine is away or full; the sweep
      -- wakes them), and look again if there were any.
      exit when not rest_lanes(k, width, here);
    end loop;
  end loop;
  return total;
end $$;

-- Hands admitted steps to a worker: at most p_slots[kind] of each kind, each with what a step needs to know of its job.
create function claim(p_worker text, p_machine text, p_slots jsonb) returns setof jsonb
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
          'origin_key', j.origin_key, 'options', j.options, 'sealed', j.sealed) from jobs j where j.id = t.job_id))
    from unnest(taken) t;
end $$;

-- Admits and claims in one transaction. Returns {admitted, steps}: what admit and claim return.
create function take(p_worker text, p_machine text, p_slots jsonb, p_limits jsonb) returns jsonb
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  admitted int := admit(p_limits);
  claimed jsonb;
begin
  select coalesce(jsonb_agg(c), '[]') into claimed from claim(p_worker, p_machine, p_slots) c;
  return jsonb_build_object('admitted', admitted, 'steps', claimed);
end $$;

-- Lets the next job of a strict batch begin, unless one of its jobs is under way. Jobs that were paused before they began are
-- passed over; one that was paused later holds the others up.
create function release_next(p_batch text) returns void
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare released text;
begin
  if not exists (select 1 from batches b where b.id = p_batch and b.strict) then return; end if;
  -- One at a time. Whoever ends a job at the same moment does not wait, for two could wait for each other: if both took the
  -- other's job for one that is under way, the sweep lets the next one begin.
  if not pg_try_advisory_xact_lock(hashtextextended('batch ' || p_batch, 0)) then return; end if;
  if exists (select 1 from jobs o where o.batch_id = p_batch and o.state in ('running', 'paused') and o.started_at is not null)
    or exists (select 1 from steps e where e.sequence = p_batch and e.state in ('ready', 'admitted', 'running')) then return; end if;
  update steps set waits = 0, state = 'ready'
    where id = (
      select s.id from steps s where s.sequence = p_batch and s.state = 'waiting' and s.waits > 0 and s.kind = 'resolve'
      order by s.position, s.id limit 1 for update skip locked)
    returning id into released;
  if released is not null then perform open_lanes(array[released]); end if;
end $$;

-- Puts a job back to its beginning; the caller holds its lock. In a strict batch it waits for its turn.
create function begin_anew(p_job text) returns void
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  j jobs;
  first text;
  strictly boolean;
begin
  delete from receipts where job_id = p_job;
  update jobs set state = 'queued', fault = null, asked = null, started_at = null, ended_at = null where id = p_job returning * into j;
  strictly := coalesce((select b.strict from batches b where b.id = j.batch_id), false);
  update steps set state = case when strictly then 'waiting' else 'ready' end, waits = case when strictly then 1 else 0 end,
      tries = 0, deaths = 0, fault = null, asked = null, ready_at = now(), started_at = null, ended_at = null, machine = null,
      output = null, progress = null
    where job_id = p_job and kind = 'resolve' returning id into first;
  perform add_event('job.retried', p_job, j.account_id, '{}');
  if strictly then perform release_next(j.batch_id); else perform open_lanes(array[first]); end if;
end $$;

-- Ends a job whose steps have ended, or says that it is paused. The caller holds the job's lock.
create function settle(p_job text) returns text
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
      order by s.fault ->> 'code' = 'step.inputs-lost', s.index limit 1;
    -- Scratch is bound to a machine and may be lost; then fetching it again is our business and nobody else's, once.
    if why ->> 'code' = 'step.inputs-lost' and not j.refetched then
      update jobs set refetched = true where id = p_job;
      perform begin_anew(p_job);
      return 'queued';
    end if;
  elsif ended = 'done' then
    select s.output into delivered from steps s where s.job_id = p_job and s.kind = 'deliver' order by s.index limit 1;
  end if;
  update jobs set state = ended, fault = why, ended_at = now(), asked = null, outputs = coalesce(delivered, outputs),
    sealed = case when ended = 'done' then null else sealed end where id = p_job;
  if ended <> 'failed' then
    update assets set state = 'removed', path = null where job_id = p_job and state = 'scratch';
  end if;
  insert into events (type, job_id, account_id, data)
    values ('job.' || ended, p_job, j.account_id, case when why is null then '{}' else jsonb_build_object('fault', why) end);
  if j.batch_id is not null then perform release_next(j.batch_id); end if;
  return ended;
end $$;

-- Adds the steps that a plan asks for. p_steps: [{id, kind, engine, label, site, index, input, after, waits, optional, machine, checkpoint}].
create function add_steps(p_job text, p_steps jsonb) returns void
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare j jobs;
begin
  select * into j from jobs where id = p_job;
  insert into steps (id, job_id, account_id, kind, engine, label, site, index, input, after, waits, state, priority, position, sequence, optional, machine, checkpoint)
    select x.id, p_job, j.account_id, x.kind, x.engine, x.label, x.site, x.index, x.input, x.after, x.waits,
      case when j.asked = 'cancel' then 'cancelled' when j.asked = 'pause' then 'paused' when x.waits = 0 then 'ready' else 'waiting' end,
      j.priority, j.position, case when b.strict then j.batch_id end, x.optional, x.machine, x.checkpoint
    from jsonb_to_recordset(p_steps) as x(id text, kind text, engine text, label text, site text, index int, input jsonb,
      after text[], waits int, optional boolean, machine text, checkpoint jsonb)
    left join batches b on b.id = j.batch_id;
  perform open_lanes((select array_agg(x ->> 'id') from jsonb_array_elements(p_steps) x));
end $$;

-- What follows from a step that is done: its followers wait for one less, and stay on the machine where its files are.
create function advance(s steps) returns void
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare woken text[];
begin
  with moved as (
    update steps d set waits = d.waits - 1, machine = coalesce(d.machine, s.machine),
      state = case when d.state = 'waiting' and d.waits = 1 then 'ready' else d.state end
    where d.job_id = s.job_id and s.id = any(d.after)
    returning d.id, d.state
  )
  select array_agg(m.id) filter (where m.state = 'ready') into woken from moved m;
  if woken is not null then perform open_lanes(woken); end if;
end $$;

-- Keeps an asset in its account's library, once per content. Returns the id of the asset that is kept.
create function keep_asset(p_asset text) returns text
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  a assets;
  same text;
begin
  select * into a from assets where id = p_asset;
  perform pg_advisory_xact_lock(hashtextextended('digest ' || a.sha256, 0));
  select id into same from assets where account_id = a.account_id and sha256 = a.sha256 and state = 'kept';
  if same is not null then
    update assets k set facts = coalesce(k.facts, a.facts), thumbnail = coalesce(k.thumbnail, a.thumbnail) where k.id = same;
    return same;
  end if;
  update assets set state = 'kept', path = null, machine = null, kept_at = now() where id = p_asset;
  perform add_event('asset.kept', a.job_id, a.account_id, jsonb_build_object('asset', a.id, 'name', a.name, 'sha256', a.sha256, 'bytes', a.bytes));
  return p_asset;
end $$;

-- A step is done. p_result: {made: [asset rows], output: [asset…], notes: [{asset, facts, thumbnail}], receipts: […], keep: [asset…],
-- plan: […], title, validators, bytes, progress}. Returns the job's state, or null when the step is no longer the caller's:
-- nothing has changed then.
create function finish(p_step text, p_attempt int, p_result jsonb) returns text
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
    insert into assets (id, account_id, job_id, step_id, name, title, type, bytes, sha256, state, machine, path, link)
      select m.id, s.account_id, jid, p_step, m.name, j.title, m.type, m.bytes, m.sha256, 'scratch', s.machine, m.path, j.link ->> 'text'
      from jsonb_to_recordset(p_result -> 'made') as m(id text, name text, type text, bytes bigint, sha256 text, path text), jobs j
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
    update jobs set title = coalesce(p_result ->> 'title', title), validators = p_result -> 'validators' where id = jid;
    -- Only what was begun before has older steps.
    if s.attempt > 1 then delete from steps where job_id = jid and id <> p_step; end if;
    perform add_steps(jid, p_result -> 'plan');
    insert into events (type, job_id, account_id, data)
      values ('job.planned', jid, s.account_id, jsonb_strip_nulls(jsonb_build_object('title', p_result ->> 'title',
        'steps', jsonb_array_length(p_result -> 'plan'), 'bytes', p_result -> 'bytes')));
  end if;
  perform advance(s);
  return settle(jid);
end $$;

-- Several steps that are done at once, p_items: [{step, attempt, result}], in one transaction. Jobs are locked in one order.
-- Returns what finish returns for each, in the order of p_items.
create function finish_all(p_items jsonb) returns text[]
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  item record;
  states text[] := array_fill(null::text, array[jsonb_array_length(p_items)]);
begin
  for item in
    select x.nr, x.item ->> 'step' as step, (x.item ->> 'attempt')::int as attempt, x.item -> 'result' as result
    from jsonb_array_elements(p_items) with ordinality x(item, nr)
    cross join lateral (select o.job_id, o.index from steps o where o.id = x.item ->> 'step' offset 0) s
    order by s.job_id, s.index
  loop
    states[item.nr] := finish(item.step, item.attempt, item.result);
  end loop;
  return states;
end $$;

-- Cancels what waits in vain for steps that will not be done. The caller holds the job's lock.
create function cancel_followers(p_job text) returns void
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
begin
  loop
    update steps d set state = 'cancelled', ended_at = now()
      where d.job_id = p_job and d.state in ('waiting', 'paused')
        and exists (select 1 from steps b where b.job_id = p_job and b.id = any(d.after) and b.state in ('failed', 'cancelled'));
    exit when not found;
  end loop;
end $$;

-- A worker gives a step back. p_to: retry (waits until p_ready_at, a try is counted), later (the same, none counted),
-- ready (at once, none counted), failed, dead (its worker died). What people asked for in between goes first.
-- A death is counted against one step of the worker, the one that is given back last: all the others only stood beside it,
-- and whoever gives them back does so in random order. So the guilty one is found in time, and a long innocent one survives.
-- Returns the job's state, or null when the step was no longer the caller's.
create function release(p_step text, p_attempt int, p_to text, p_fault jsonb, p_ready_at timestamptz, p_tries int) returns text
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  s steps;
  jid text;
  next_state text;
  blamed boolean;
begin
  select job_id into jid from steps where id = p_step;
  perform 1 from jobs where id = jid for update;
  select * into s from steps where id = p_step and attempt = p_attempt and state = 'running' for update;
  if not found then return null; end if;
  blamed := p_to = 'dead'
    and not exists (select 1 from steps o where o.state = 'running' and o.worker = s.worker and o.id <> p_step);
  next_state := case
    when s.asked = 'cancel' then 'cancelled'
    when s.asked = 'pause' and p_to <> 'failed' then 'paused'
    when p_to in ('retry', 'later') then 'waiting'
    when p_to = 'failed' and s.optional then 'done'
    when p_to = 'failed' then 'failed'
    when blamed and s.deaths >= 4 then case when s.optional then 'done' else 'failed' end
    else 'ready' end;
  update steps set state = next_state, worker = null, lease_until = null, asked = null,
      tries = coalesce(p_tries, tries),
      deaths = case when blamed then deaths + 1 else deaths end,
      ready_at = coalesce(p_ready_at, now()),
      fault = case when p_to = 'dead' and next_state = 'ready' then fault else coalesce(p_fault, fault) end,
      machine = case when kind = 'resolve' or (kind = 'fetch' and checkpoint is null) then null else machine end,
      output = case when next_state = 'done' then
        (select coalesce(jsonb_agg(o.id order by b.index, o.nr), '[]')
          from steps b, jsonb_array_elements(coalesce(b.output, '[]')) with ordinality o(id, nr) where b.id = any(s.after)) else output end,
      ended_at = case when next_state in ('done', 'failed', 'cancelled') then now() end
    where id = p_step returning * into s;
  if next_state = 'waiting' then
    perform add_event('step.retrying', jid, s.account_id, step_data(s) || jsonb_build_object('fault', p_fault,
      'readyAt', to_char(s.ready_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')));
  elsif next_state = 'failed' then
    perform add_event('step.failed', jid, s.account_id, step_data(s) || jsonb_build_object('fault', s.fault));
    perform cancel_followers(jid);
  elsif next_state = 'cancelled' then
    perform cancel_followers(jid);
  elsif next_state = 'done' then
    perform add_event('step.failed', jid, s.account_id, step_data(s) || jsonb_build_object('fault', s.fault));
    perform advance(s);
  elsif next_state = 'ready' then
    if p_to = 'dead' then perform add_event('step.recovered', jid, s.account_id, step_data(s) || jsonb_build_object('deaths', s.deaths)); end if;
    perform open_lanes(array[p_step]);
  end if;
  return settle(jid);
end $$;

-- Once a second, by whoever comes first: steps of dead workers go back without counting a try, retries come due, lanes that
-- a race left idle are opened. Returns {released: [job…], woken}, or null when another process is just doing it.
create function sweep(p_deadly jsonb) returns jsonb
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

-- People pause, resume or cancel a job. What runs is asked to stop and is settled by its worker (or by the sweep).
-- Returns the job's state.
create function ask(p_job text, p_what text) returns text
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
      update steps set state = case when waits = 0 and not strictly then 'ready' else 'waiting' end, ready_at = now(),
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

-- Starts jobs, in order. p_jobs: [{id, step, link, title, recipe, destinations, options, sealed, originKey, wishKey, priority,
-- category, site}]. Of a strict batch only the first may begin.
create function start_jobs(p_account text, p_batch text, p_strict boolean, p_jobs jsonb) returns void
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare at double precision := extract(epoch from clock_timestamp());
begin
  with wish as (
    select w.*, x.nr from jsonb_array_elements(p_jobs) with ordinality as x(item, nr),
      jsonb_to_record(x.item) as w(id text, step text, link jsonb, title text, recipe text, destinations jsonb, options jsonb, sealed text,
        "originKey" text, "wishKey" text, priority int, category text, site text)
  ), job as (
    insert into jobs (id, account_id, batch_id, batch_index, link, title, recipe, destinations, options, sealed, origin_key, wish_key,
        position, priority, category)
      select w.id, p_account, p_batch, case when p_batch is not null then w.nr end, w.link, w.title, w.recipe,
        array(select jsonb_array_elements_text(w.destinations)), w.options, w.sealed, w."originKey", w."wishKey",
        at + w.nr * 1e-6, w.priority, w.category
      from wish w
  )
  insert into steps (id, job_id, account_id, kind, engine, label, site, index, state, waits, priority, position, sequence)
    select w.step, w.id, p_account, 'resolve', '', 'resolve', w.site, 0,
      case when p_strict and w.nr > 1 then 'waiting' else 'ready' end, case when p_strict and w.nr > 1 then 1 else 0 end,
      w.priority, at + w.nr * 1e-6, case when p_strict then p_batch end
    from wish w;
  insert into events (type, job_id, account_id, data)
    select 'job.queued', x.item ->> 'id', p_account, jsonb_build_object('link', x.item #>> '{link,text}', 'title', x.item ->> 'title')
    from jsonb_array_elements(p_jobs) with ordinality as x(item, nr) order by x.nr;
  perform open_lanes((select array_agg(x ->> 'step') from jsonb_array_elements(p_jobs) x));
end $$;

-- Starts a job unless the same wish is open already: then it is that one. Returns its id.
create function start_job_once(p_account text, p_job jsonb) returns text
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare same text;
begin
  perform pg_advisory_xact_lock(hashtextextended('wish ' || p_account || ' ' || (p_job ->> 'wishKey'), 0));
  select j.id into same from jobs j
    where j.account_id = p_account and j.wish_key = p_job ->> 'wishKey' and j.state in ('queued', 'running', 'paused')
    order by j.id limit 1;
  if same is not null then return same; end if;
  perform start_jobs(p_account, null, false, jsonb_build_array(p_job));
  return p_job ->> 'id';
end $$;

-- Starts a batch unless the same list is open already: then it is that one. p_batch: {id, name, strict, wishKey}. Returns its id.
create function start_batch_once(p_account text, p_batch jsonb, p_jobs jsonb) returns text
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare same text;
begin
  perform pg_advisory_xact_lock(hashtextextended('list ' || p_account || ' ' || (p_batch ->> 'wishKey'), 0));
  select b.id into same from batches b
    where b.account_id = p_account and b.wish_key = p_batch ->> 'wishKey'
      and exists (select 1 from jobs j where j.batch_id = b.id and j.state in ('queued', 'running', 'paused'))
    order by b.id desc limit 1;
  if same is not null then return same; end if;
  insert into batches (id, account_id, name, strict, wish_key)
    values (p_batch ->> 'id', p_account, p_batch ->> 'name', (p_batch ->> 'strict')::boolean, p_batch ->> 'wishKey');
  perform start_jobs(p_account, p_batch ->> 'id', (p_batch ->> 'strict')::boolean, p_jobs);
  return p_batch ->> 'id';
end $$;

-- Begins an ended job anew, from resolving on. What it had fetched is used again when it is still the same. Null when it
-- has not ended.
create function restart(p_job text) returns text
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
begin
  perform 1 from jobs where id = p_job and state in ('failed', 'cancelled') for update;
  if not found then return null; end if;
  update jobs set refetched = false where id = p_job;
  perform begin_anew(p_job);
  return 'queued';
end $$;

-- Puts an open job elsewhere in its account's queue: before another open one, first (p_before null, p_first) or last.
-- False when there is no such place.
create function move_job(p_job text, p_before text, p_first boolean) returns boolean
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  j jobs;
  target double precision;
  previous double precision;
  middle double precision;
begin
  select * into j from jobs where id = p_job;
  if not found or j.state not in ('queued', 'running', 'paused') then return false; end if;
  -- One move at a time in each account: making room locks many jobs.
  perform pg_advisory_xact_lock(hashtextextended('order of ' || j.account_id, 0));
  for attempt in 1..2 loop
    if p_before is not null then
      select o.position into target from jobs o
        where o.id = p_before and o.account_id = j.account_id and o.state in ('queued', 'running', 'paused');
      if target is null then return false; end if;
      if p_before = p_job then return true; end if;
      select max(o.position) into previous from jobs o
        where o.account_id = j.account_id and (o.position, o.id) < (target, p_before) and o.id <> p_job and o.state in ('queued', 'running', 'paused');
      middle := coalesce((target + previous) / 2, target - 1);
      if middle < target and middle > coalesce(previous, middle - 1) then
        target := middle;
        exit;
      end if;
      -- Numbers have an end: no room is left between the two, so all are numbered anew.
      with anew as (
        select o.id, extract(epoch from now()) + row_number() over (order by o.position, o.id) as position
        from jobs o where o.account_id = j.account_id and o.state in ('queued', 'running', 'paused')
      ), moved as (
        update jobs o set position = a.position from anew a where o.id = a.id returning o.id, o.position
      )
      update steps s set position = m.position from moved m where s.job_id = m.id;
    else
      select case when p_first then min(o.position) - 1 else max(o.position) + 1 end into target
        from jobs o where o.account_id = j.account_id and o.state in ('queued', 'running', 'paused');
      exit;
    end if;
  end loop;
  update jobs set position = target where id = p_job;
  update steps set position = target where job_id = p_job;
  perform add_event('job.moved', p_job, j.account_id, jsonb_build_object('to', coalesce(p_before, case when p_first then 'next' else 'last' end)));
  return true;
end $$;

create function prioritise(p_job text, p_priority int) returns void
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare j jobs;
begin
  update jobs set priority = p_priority where id = p_job returning * into j;
  update steps set priority = p_priority where job_id = p_job;
  perform add_event('job.prioritised', p_job, j.account_id, jsonb_build_object('priority', p_priority));
end $$;
