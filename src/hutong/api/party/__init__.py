"""The customer master over HTTP, beyond TM Forum: records, requests, matching, information, exports, scenarios."""
