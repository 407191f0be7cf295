"""Voices by example: samples judged, consent heard, previews, disclosure; see the README."""
