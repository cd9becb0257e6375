"""auth: who may do what, and where.

Owns platforms, restaurants (the tenants) with their versioned settings, users, memberships with roles,
invitations with their links, the mail that brings them, sessions with their refresh tokens, the signing keys
of access tokens, and the counters of failed log-ins. Publishes RestaurantUpdated, MemberChanged and
SessionsRevoked. Consumes nothing.
"""
