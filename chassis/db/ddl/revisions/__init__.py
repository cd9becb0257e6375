"""What has become of the chassis' part of a schema: one file a change, for every service.

``NNNN_{pre|post}_what.py`` has ``upgrade(schema, role)`` and ``downgrade(schema, role)``, which give the
statements, and ``INDEXES``, what is built concurrently after them (name -> what follows ON). ``role`` is the
login role of the service. *pre* runs before the new code is rolled out and works with the old code, *post*
runs afterwards; a downgrade also drops the indexes. ``chassis.db.schema_version`` runs them.
"""
