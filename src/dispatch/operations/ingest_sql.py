"""The statements of the hottest path: everything that `receive` stores, and what is stored already."""

from sqlalchemy import text

from dispatch.db.statement import Statement

# One round trip: call, incident, decision and log rows, all or none. Always answers with one row. `number` is null when
# nothing was stored: because the policy that decided, or the one in shadow, is no longer that (then decide again), or
# because the reference is stored already (then read that one). The fingerprint changes with every committed change of
# a unit.
STORE = Statement(
    """
    with deciding as (
      select 1 as yes from (
        select id, version from policy_version
        where jurisdiction_id = :jurisdiction_id and status = 'published' and effective_at <= :recorded_at
        order by effective_at desc, ordinal desc limit 1
      ) as p
      where p.id = :policy_id and p.version = :policy_version
        and :shadow_name is not distinct from (select id || '@' || version from policy_version
                                                where jurisdiction_id = :jurisdiction_id and shadow_since is not null)
    ), new_call as (
      insert into call (jurisdiction_id, id, incident_id, source, source_ref, received_at, recorded_at, revised_at,
                        channel, type_code, type_text, type_mapped, narrative, body, raw, digest, flags)
      select :jurisdiction_id, :call_id, :incident_id, :source, :source_ref, :received_at, :recorded_at, :revised_at,
              :channel, :type_code, :type_text, :type_mapped, :narrative, :body, :raw, :digest, :flags
      from deciding
      on conflict (jurisdiction_id, source, source_ref) do nothing
      returning id
    ), new_incident as (
      insert into incident (jurisdiction_id, id, status, category, incident_type, priority, needs_human, opened_at,
                            recorded_at, decision_id, initial_type, triage_type, lat, lon, uncertainty_m, address,
                            address_key, phone_key, place, caller_language)
      select :jurisdiction_id, :incident_id, 'pending', :category, :incident_type, :priority, :needs_human,
             :received_at, :recorded_at, :decision_id, :initial_type, :incident_type, :lat, :lon, :uncertainty_m,
             :address, :address_key, :phone_key, :place, :caller_language
      from new_call
      returning number
    ), new_decision as (
      insert into triage_decision (jurisdiction_id, id, incident_id, ordinal, decided_at, trigger, actor, given,
                                   decision, policy_id, policy_version, policy_sha256)
      select :jurisdiction_id, :decision_id, :incident_id, 1, :recorded_at, 'call', :actor, :given,
             :decision, :policy_id, :policy_version, :policy_sha256
      from new_call
    ), new_shadow as (
      insert into shadow_decision (jurisdiction_id, incident_id, ordinal, policy_id, policy_version, policy_sha256,
                                   decided_at, category, priority, first_responder, active_responder, differs, decision)
      select :jurisdiction_id, :incident_id, 1, s.policy_id, s.policy_version, s.policy_sha256, :recorded_at,
             s.category, s.priority, s.first_responder, s.active_responder, s.differs, s.decision
      from new_call,
           jsonb_to_recordset(:shadows)
             as s(policy_id text, policy_version int, policy_sha256 text, category text, priority int,
                  first_responder text, active_responder text, differs boolean, decision jsonb)
    ), new_events as (
      insert into event_log (jurisdiction_id, id, type, schema_version, occurred_at, recorded_at, actor, subject_id,
                             incident_id, request_id, payload)
      select :jurisdiction_id, e.id, e.type, :schema_version, e.occurred_at, :recorded_at, :actor, e.subject_id,
             e.incident_id, :request_id, e.payload
      from new_call,
           jsonb_to_recordset(:events)
             as e(id text, type text, occurred_at timestamptz, subject_id text, incident_id text, payload jsonb)
    )
    select (select number from new_incident) as number,
           exists (select 1 from deciding) as policy_is_active,
           (select sum(version) + (1::bigint << 40) * count(*) from unit
             where jurisdiction_id = :jurisdiction_id)::bigint as roster_fingerprint
    """,
    types={
        "body": "jsonb",
        "decision": "jsonb",
        "digest": "bytea",
        "events": "jsonb",
        "flags": "text[]",
        "given": "jsonb",
        "lat": "float8",
        "lon": "float8",
        "needs_human": "boolean",
        "policy_version": "int",
        "priority": "int",
        "raw": "bytea",
        "received_at": "timestamptz",
        "recorded_at": "timestamptz",
        "revised_at": "timestamptz",
        "schema_version": "int",
        "shadows": "jsonb",
        "type_mapped": "boolean",
        "uncertainty_m": "float8",
    },
)

# The same reference again: one at a time. A statement of its own, since a row that was waited for is read as it is now,
# but what is joined to it as it was when the statement began.
LOCK_SEEN = text(
    """
    select id from call where jurisdiction_id = :jurisdiction_id and source = :source and source_ref = :source_ref
    for update
    """
)

# What is stored of a reference now. answers: what the sender answered last, of each fact, in whichever version;
# not knowing is no answer.
SEEN = text(
    """
    select c.id as call_id, c.incident_id, i.decision_id, i.number, i.status, i.priority,
           coalesce(u.digest, c.digest) as digest, coalesce(u.revised_at, c.revised_at) as revised_at,
           coalesce(u.version, 1) as version, coalesce(u.flags, c.flags) as flags,
           coalesce((select jsonb_object_agg(a.key, a.value order by v.version)
                       from (select 1 as version, c.body
                             union all
                             select version, body from call_update
                              where jurisdiction_id = c.jurisdiction_id and call_id = c.id) v,
                            jsonb_each_text(coalesce(v.body -> 'answers', '{}')) a
                      where a.value <> 'unknown'), '{}') as answers,
           (select count(*) from call l
             join incident m on m.jurisdiction_id = l.jurisdiction_id and m.id = l.incident_id
             where l.jurisdiction_id = c.jurisdiction_id
               and (m.id = coalesce(i.linked_to, i.id) or m.linked_to = coalesce(i.linked_to, i.id))) as linked_calls
    from call c
    join incident i on i.jurisdiction_id = c.jurisdiction_id and i.id = c.incident_id
    left join lateral (
      select digest, revised_at, version, flags, body from call_update
      where jurisdiction_id = c.jurisdiction_id and call_id = c.id order by version desc limit 1
    ) u on true
    where c.jurisdiction_id = :jurisdiction_id and c.source = :source and c.source_ref = :source_ref
    """
)
