"""Avatars of tenants' own: strangers' drawings and pictures checked, consent heard, films kept and forgotten."""
