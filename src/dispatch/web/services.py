"""What every request needs and the composition root makes once."""

from dataclasses import dataclass, field

from dispatch.config import Settings
from dispatch.db.active_policy import ActivePolicies
from dispatch.db.session import Sessions
from dispatch.domain.time import Clock
from dispatch.queries.recommendation import RoutingRules
from dispatch.queries.roster import RosterCopies
from dispatch.web.auth_cache import TokenCache
from dispatch.web.streams import OpenStreams


@dataclass(frozen=True, slots=True)
class Services:
    """Values, not globals: built in create_app, carried by the app's state."""

    settings: Settings
    sessions: Sessions
    clock: Clock
    policies: ActivePolicies
    rosters: RosterCopies
    tokens: TokenCache
    streams: OpenStreams
    routing: RoutingRules = field(default_factory=RoutingRules)
