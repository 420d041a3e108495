"""`dispatch demo`: a whole city for a day, played to a running service by a dispatcher who only speaks HTTP."""
