"""The two statements of the hottest path: everything `receive` must know, and everything it stores."""

from sqlalchemy import text

# One round trip: the policy that decides, the same reference if it was seen, and whether the roster has changed.
LOAD = text(
    """
    select
      (select json_build_object('id', p.id, 'version', p.version)
         from policy_version p
        where p.jurisdiction_id = :jurisdiction_id and p.status = 'active') as policy,
      (select c.id from call c
        where c.jurisdiction_id = :jurisdiction_id and c.source = :source and c.source_ref = :source_ref) as call_id,
      (select sum(u.version) + (1::bigint << 40) * count(*)
         from unit u where u.jurisdiction_id = :jurisdiction_id) as roster_fingerprint
    """
)

# One round trip: incident, call, decision and log rows, all or none. Stores nothing and returns no row when another
# request stored the same reference first: the caller then reads that one.
STORE = text(
    """
    with new_call as (
      insert into call (jurisdiction_id, id, incident_id, source, source_ref, received_at, recorded_at, revised_at,
                        channel, type_code, type_text, type_mapped, narrative, body, raw, digest, flags)
      values (:jurisdiction_id, :call_id, :incident_id, :source, :source_ref, :received_at, :recorded_at, :revised_at,
              :channel, :type_code, :type_text, :type_mapped, :narrative, cast(:body as jsonb), :raw, :digest, :flags)
      on conflict (jurisdiction_id, source, source_ref) do nothing
      returning id
    ), new_incident as (
      insert into incident (jurisdiction_id, id, status, category, incident_type, priority, needs_human, opened_at,
                            recorded_at, decision_id, initial_type, triage_type, lat, lon, uncertainty_m, address,
                            place, caller_language)
      select :jurisdiction_id, :incident_id, 'pending', :category, :incident_type, :priority, :needs_human,
             :received_at, :recorded_at, :decision_id, :initial_type, :incident_type, :lat, :lon, :uncertainty_m,
             :address, :place, :caller_language
      from new_call
      returning number
    ), new_decision as (
      insert into triage_decision (jurisdiction_id, id, incident_id, ordinal, decided_at, trigger, actor, given,
                                   decision, policy_id, policy_version, policy_sha256)
      select :jurisdiction_id, :decision_id, :incident_id, 1, :recorded_at, 'call', :actor, cast(:given as jsonb),
             cast(:decision as jsonb), :policy_id, :policy_version, :policy_sha256
      from new_call
    ), new_events as (
      insert into event_log (jurisdiction_id, id, type, schema_version, occurred_at, recorded_at, actor, subject_id,
                             incident_id, request_id, payload)
      select :jurisdiction_id, e.id, e.type, :schema_version, e.occurred_at, :recorded_at, :actor, e.subject_id,
             e.incident_id, :request_id, e.payload
      from new_call,
           jsonb_to_recordset(cast(:events as jsonb))
             as e(id text, type text, occurred_at timestamptz, subject_id text, incident_id text, payload jsonb)
    )
    select number from new_incident
    """
)

# The same reference again: what is stored of it now.
SEEN = text(
    """
    select c.id as call_id, c.incident_id, i.number, i.status, i.priority,
           coalesce(u.digest, c.digest) as digest, coalesce(u.revised_at, c.revised_at) as revised_at,
           coalesce(u.version, 1) as version,
           (select count(*) from call l
             where l.jurisdiction_id = c.jurisdiction_id and l.incident_id = c.incident_id) as linked_calls
    from call c
    join incident i on i.jurisdiction_id = c.jurisdiction_id and i.id = c.incident_id
    left join lateral (
      select digest, revised_at, version from call_update
      where jurisdiction_id = c.jurisdiction_id and call_id = c.id order by version desc limit 1
    ) u on true
    where c.jurisdiction_id = :jurisdiction_id and c.source = :source and c.source_ref = :source_ref
    for update of c, i
    """
)
