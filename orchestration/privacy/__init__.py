"""Personal data of one person or of everybody: found, shown on request, erased, kept no longer.

Belongs here: the scan, roles, erasure, access requests, retention.
Does not belong here: what is published (publishing/), reading landing files (ingestion/).
"""
